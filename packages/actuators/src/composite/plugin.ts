import { type ActuatorCapabilities, AuspexError, defineActuator, type Plugin, type PluginUse } from '@auspex/contracts';
import { z } from 'zod';
import { type Part, RoutedActuator } from './actuator.ts';

/** What carries out the orders of some pools. */
export interface Route {
  /** Pool ids; `*` in one stands for any text. Default `['*']`. The first route that fits a pool has it. */
  readonly pools?: readonly string[];
  /** One actuator, or several that each get every order of the pool, such as what starts hosts and what sends traffic to them. By value. */
  readonly to: PluginUse<'actuator'> | readonly PluginUse<'actuator'>[];
}

/**
 * Makes an actuator out of several. Pools go their routes; where a route has several parts, each gets the order, at the same time, whatever becomes of
 * the others, and the pool holds what the least of them holds.
 *
 * Its `lease` is that of the part that promises least.
 *
 * @example composite({ routes: [{ to: [use(redfish, {…}), use(haproxy, {…})] }] })
 * @throws AuspexError PLUGIN_INVALID or CONFIG_INVALID, with the path of the route
 */
export function composite({ id = 'composite', routes }: { readonly id?: string; readonly routes: readonly Route[] }): Plugin<'actuator'> {
  if (routes.length === 0)
    throw new AuspexError('CONFIG_INVALID', 'there is no route', { path: `${id}.routes`, remedy: 'Give at least one.' });
  const parsed = routes.map(({ pools = ['*'], to }, index) => {
    const uses = Array.isArray(to) ? (to as readonly PluginUse<'actuator'>[]) : [to as PluginUse<'actuator'>];
    const path = `${id}.routes[${index}]`;
    if (uses.length === 0) throw new AuspexError('CONFIG_INVALID', 'the route leads to nothing', { path, remedy: 'Give it an actuator.' });
    return { pools, parts: uses.map((use, part) => partOf(use, Array.isArray(to) ? `${path}.to[${part}]` : `${path}.to`)) };
  });
  return defineActuator({
    id,
    summary: 'Several actuators as one: pools go their routes, and where one fails the others go on.',
    config: z.strictObject({}),
    capabilities: { lease: weakest(parsed.flatMap(({ parts }) => parts)) },
    create: (_, context) =>
      new RoutedActuator(
        parsed.map(({ pools, parts }) => ({
          fits: fitsAny(pools),
          parts: parts.map((part) => ({ ...part, actuator: part.plugin.create(part.options as never, context) })),
        })),
      ),
  }) as unknown as Plugin<'actuator'>;
}

function partOf({ use, with: given }: PluginUse<'actuator'>, path: string): Part {
  if (typeof use === 'string')
    throw new AuspexError('PLUGIN_INVALID', `"${use}" is a name, and a part is given by value`, {
      path,
      remedy: 'Import the plugin and write use(plugin, options).',
    });
  if (use?.kind !== 'actuator') throw new AuspexError('PLUGIN_INVALID', 'expected an actuator, as defineActuator returns it', { path });
  const result = use.config.safeParse(given ?? {});
  if (!result.success) {
    const lines = result.error.issues.map((issue) => `${[`${path}(${use.id})`, ...issue.path].join('.')}: ${issue.message}`);
    throw new AuspexError('CONFIG_INVALID', lines.join('\n'));
  }
  return { plugin: use, options: result.data, path };
}

const PROMISES = ['none', 'keeper', 'target'] as const satisfies readonly ActuatorCapabilities['lease'][];

function weakest(parts: readonly Part[]): ActuatorCapabilities['lease'] {
  return PROMISES.find((lease) => parts.some(({ plugin }) => plugin.capabilities.lease === lease)) ?? 'none';
}

function fitsAny(patterns: readonly string[]): (pool: string) => boolean {
  const all = patterns.map((pattern) => new RegExp(`^${pattern.split('*').map(escapeText).join('.*')}$`));
  return (pool) => all.some((one) => one.test(pool));
}

function escapeText(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
