import type { PluginKind, PluginUse } from '@auspex/contracts';

/** One place of a config where a plugin stands. */
export interface Slot {
  readonly kind: PluginKind;
  readonly path: string;
  readonly use: PluginUse;
}

/** The config's keys that hold one plugin, or a list, and its kind. The one list of slots. */
export const SLOTS = {
  sources: 'source',
  enrich: 'enricher',
  profiler: 'profiler',
  predictors: 'predictor',
  assess: 'assessor',
  allocate: 'allocator',
  learners: 'learner',
  calendars: 'calendar',
  detectors: 'detector',
  store: 'store',
  extensions: 'extension',
} as const satisfies Record<string, PluginKind>;

/** Every plugin that a config names, as far as it is well formed; the rest is for the schema to refuse. */
export function slotsOf(config: unknown): Slot[] {
  const found: Slot[] = [];
  mapSlots(config, (slot) => {
    found.push(slot);
    return slot.use;
  });
  return found;
}

/** The config with every plugin replaced by what `map` makes of it; everything else as it was. */
export function mapSlots(config: unknown, map: (slot: Slot) => PluginUse): unknown {
  if (!isObject(config)) return config;
  const one = (kind: PluginKind, value: unknown, path: string): unknown =>
    isObject(value) && 'use' in value ? map({ kind, path, use: value as unknown as PluginUse }) : value;
  const mapped: Record<string, unknown> = { ...config };
  for (const [key, kind] of Object.entries(SLOTS)) {
    const value = config[key];
    if (value === undefined) continue;
    mapped[key] = Array.isArray(value) ? value.map((each, index) => one(kind, each, `${key}[${index}]`)) : one(kind, value, key);
  }
  const { alerts } = config;
  if (isObject(alerts) && Array.isArray(alerts['sinks'])) {
    const sinks = alerts['sinks'].map((sink: unknown, index) => one('alertSink', sink, `alerts.sinks[${index}]`));
    mapped['alerts'] = { ...alerts, sinks };
  }
  if (Array.isArray(config['pools'])) {
    mapped['pools'] = config['pools'].map((pool: unknown, index) =>
      isObject(pool) && 'actuator' in pool ? { ...pool, actuator: one('actuator', pool['actuator'], `pools[${index}].actuator`) } : pool,
    );
  }
  return mapped;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
