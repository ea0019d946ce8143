import { type Actuator, AuspexError, type PluginContext, type Restored } from '@auspex/contracts';
import { type ResolvedConfig, standaloneContext } from '@auspex/core';
import { isAuspexError } from './exit.ts';

/** One pool whose floors a keeper ends. */
export interface Kept {
  readonly pool: string;
  readonly plugin: string;
  readonly actuator: Required<Pick<Actuator, 'restore'>> & Actuator;
}

/** Pools whose floors stay when the engine is gone, unless a keeper runs. */
export function poolsToKeep({ actuators, settings }: ResolvedConfig): string[] {
  const floors = settings.pools.filter(({ control }) => control === 'floor').map(({ id }) => id);
  return floors.filter((id) => actuators.get(id)?.plugin.capabilities.lease === 'keeper');
}

/** What one round over all pools came to. */
export interface Round {
  readonly restored: readonly (Restored & { readonly plugin: string })[];
  readonly failed: readonly { readonly pool: string; readonly plugin: string; readonly error: string }[];
}

/**
 * Makes the actuators of a config that declare `lease: keeper`. Nothing else of the config is made: the keeper has to work when store and sources do not.
 *
 * @throws AuspexError SUPPORT for one that has no `restore` here, as behind `isolation: process`
 */
export function keptPools({ actuators }: ResolvedConfig, given: Pick<PluginContext, 'logger' | 'meter' | 'signal'>): Kept[] {
  const kept: Kept[] = [];
  for (const [pool, { plugin, options, path }] of actuators) {
    if (plugin.capabilities.lease !== 'keeper') continue;
    const actuator = plugin.create(options as never, standaloneContext(given)) as Actuator;
    if (!actuator.restore)
      throw new AuspexError('SUPPORT', 'it declares lease: keeper and cannot bring anything back here', {
        path,
        remedy: 'Give the keeper a config without isolation: process for this actuator.',
      });
    kept.push({ pool, plugin: plugin.id, actuator: actuator as Kept['actuator'] });
  }
  return kept;
}

/** Looks at every pool at once; one that fails keeps no other from being looked at. */
export async function keepOnce(kept: readonly Kept[], signal: AbortSignal): Promise<Round> {
  const ends = await Promise.allSettled(kept.map(async ({ pool, actuator }) => actuator.restore(pool, signal)));
  const restored: Round['restored'][number][] = [];
  const failed: Round['failed'][number][] = [];
  for (const [index, end] of ends.entries()) {
    const { pool, plugin } = kept[index] as Kept;
    if (end.status === 'rejected') failed.push({ pool, plugin, error: told(end.reason) });
    else if (end.value) restored.push({ ...end.value, plugin });
  }
  return { restored, failed };
}

/** What is wrong, and what to do where that is known. */
function told(reason: unknown): string {
  return isAuspexError(reason) ? `${reason.message}. ${reason.remedy}` : (reason as Error).message;
}
