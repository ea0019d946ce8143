import { AuspexError, type Clock, defineSource, type Logger, use } from '@auspex/contracts';
import { z } from 'zod';
import { assemble, type Parts } from '../assemble.ts';
import { type Catalogue, parseConfig } from '../config/parse.ts';
import type { AuspexConfig } from '../config/schema.ts';
import { Lifecycle } from '../lifecycle/state.ts';
import { type CheckpointRecord, readCheckpoint } from '../persistence/checkpoint.ts';
import { KEYS } from '../persistence/keys.ts';
import { Persistence } from '../persistence/persistence.ts';
import { readSnapshot } from '../persistence/snapshot.ts';
import { type DayKeys, KeyChain, seededKeys } from '../users/keys.ts';
import { decodeBase } from '../users/record.ts';
import { registerServices } from '../wiring/register.ts';
import type { Scope } from './scopes.ts';

/** An engine's parts, restored and not running. */
export interface Opened {
  readonly parts: Parts;
  readonly persistence: Persistence;
  readonly keys: DayKeys;
  /** What could not be read, in words. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

/** A source that is never read: it has the name under which its positions are kept. */
const silent = (id: string) =>
  defineSource({
    id,
    summary: 'A source that is not read.',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'zero' },
    create: () => ({
      // biome-ignore lint/correctness/useYield: it is never read
      async *open() {
        throw new Error('it is not read');
      },
    }),
  });

/** Sources under the names that a checkpoint has, whatever the config says today: nothing is to be lost but what is forgotten. */
function sourcesOf(record: CheckpointRecord | undefined): string[] {
  const most = new Map<string, number>();
  for (const { source } of record?.shards ?? []) {
    const at = source.lastIndexOf('#');
    const id = source.slice(0, at);
    most.set(id, Math.max(most.get(id) ?? 0, Number(source.slice(at + 1)) + 1));
  }
  const ids = [...most].flatMap(([id, count]) => Array.from({ length: count }, () => id));
  return ids.length > 0 ? ids : ['none'];
}

/** The keys that users of a part of the store were hashed with; from the seed alone where a replay wrote it. */
async function keysOf({ store }: Scope, seed: number): Promise<DayKeys> {
  const bytes = await store.get(KEYS.users);
  return bytes === undefined ? seededKeys(seed) : new KeyChain(decodeBase(bytes));
}

/**
 * Restores an engine on a part of a store, as a start does, without running it: no source, actuator, calendar or extension is made.
 *
 * @throws AuspexError STORE_UNREADABLE where the checkpoint, the snapshot or the keys of users cannot be read
 */
export async function openScope(
  scope: Scope,
  config: AuspexConfig,
  options: { readonly catalogue: Catalogue; readonly clock: Clock; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<Opened> {
  const { store } = scope;
  const saved = await readable(`${scope.prefix}${KEYS.checkpoint}`, async () => {
    const bytes = await store.get(KEYS.checkpoint);
    return bytes && readCheckpoint(bytes);
  });
  const configHash = await readable(`${scope.prefix}${KEYS.snapshot}`, async () => {
    const bytes = await store.get(KEYS.snapshot);
    return bytes && readSnapshot(bytes).configHash;
  });
  const pools = config.pools.map(({ actuator: _none, ...pool }) => pool);
  const sources = sourcesOf(saved).map((id) => use(silent(id)));
  const resolved = parseConfig({ ...config, sources, pools, calendars: [], extensions: [] }, options.catalogue);
  const keys = await readable(`${scope.prefix}${KEYS.users}`, () => keysOf(scope, resolved.settings.seed));
  const secret = await store.get(KEYS.secret);
  const lifecycle = new Lifecycle();
  const host = { store, clock: options.clock, logger: options.logger };
  const services = registerServices(resolved, host, options.signal, lifecycle, {
    // Nothing is to depend on how fast this machine is.
    replay: true,
    secret: () => (secret === undefined ? '' : new TextDecoder().decode(secret)),
  });
  try {
    const parts = assemble(configHash === undefined ? resolved : { ...resolved, hash: configHash }, services, { mode: 'replay' }, keys);
    const persistence = new Persistence(parts, true, keys instanceof KeyChain ? keys : undefined);
    const problems = await persistence.restore();
    const close = async (): Promise<void> => lifecycle.close();
    return { parts, persistence, keys, problems, close };
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

async function readable<T>(key: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new AuspexError('STORE_UNREADABLE', `${key} cannot be read: ${(cause as Error).message}`, {
      remedy: 'Run the engine until it has written it anew (it begins from nothing where it must), stop it, and forget again.',
      cause,
    });
  }
}
