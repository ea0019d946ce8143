// Pools with incidents of their own, through the engine.
import { type Alert, type Plugin, type PluginUse, use } from '../../../packages/contracts/src/index.ts';
import { createEngine, VirtualClock } from '../../../packages/core/src/index.ts';
import { noAssessor, noProfiler, noStore } from '../../../packages/evaluate/src/index.ts';
import { SeededRandom } from '../../../packages/numerics/src/index.ts';
import { reactiveAllocator } from '../../../packages/policies/src/index.ts';
import { catalogue } from '../../../packages/preset/src/index.ts';
import { drawIncidents, type Incident } from './incidents.ts';
import { Minutes } from './minutes.ts';
import { DAY, MINUTE, type PoolWorld, poolWorld, WEEK } from './pool.ts';
import { worldSource } from './source.ts';

/** A Monday. */
export const FROM = Date.UTC(2026, 0, 5);

export interface WorldOptions {
  readonly seed: string;
  readonly pools: number;
  /** Weeks before the first incident, and those with incidents. */
  readonly history: number;
  readonly judged: number;
  readonly predictors: readonly string[];
  /** False = nothing goes wrong. */
  readonly incidents: boolean;
  /** Of the rule `anomaly`. Default: as it comes. */
  readonly above?: number;
}

/** An alert: the step with which it begins. */
export interface Told {
  readonly at: number;
  readonly summary: string;
}

/** A pool of a world, and the times at which alerts of it began. */
export interface Played {
  readonly world: PoolWorld;
  readonly incidents: readonly Incident[];
  readonly alerts: readonly Told[];
  readonly weeks: number;
}

export function drawPools({
  seed,
  pools,
  history,
  judged,
  incidents,
}: WorldOptions): { world: PoolWorld; incidents: Incident[]; minutes: Minutes }[] {
  const [begin, end] = [FROM + history * WEEK, FROM + (history + judged) * WEEK];
  return Array.from({ length: pools }, (_, n) => {
    const world = poolWorld(`pool-${n}`, FROM, ((history + judged) * WEEK) / DAY, `${seed}/${n}`);
    const drawn = incidents ? drawIncidents(world, begin, end, new SeededRandom(`${seed}/${n}/incidents`)) : [];
    return { world, incidents: drawn, minutes: new Minutes(world, drawn, `${seed}/${n}/minutes`) };
  });
}

/** Runs a world through an engine in replay mode, as it comes but for what it does not need here: profiles, a store, actuators. */
export async function playWorld(options: WorldOptions, detectors: readonly PluginUse<'detector'>[]): Promise<Played[]> {
  const { history, judged, predictors } = options;
  const drawn = drawPools(options);
  const begin = FROM + history * WEEK;
  const end = begin + judged * WEEK;
  const alerts = new Map<string, Told[]>(drawn.map(({ world }) => [world.id, []]));
  const engine = createEngine(
    {
      sources: [
        use(
          worldSource(
            drawn.map(({ minutes }) => minutes),
            FROM,
            end,
          ),
        ),
      ],
      lateness: '0s',
      profiler: use(noProfiler),
      assess: use(noAssessor),
      allocate: use(reactiveAllocator),
      predictors: predictors.map((id) => ({ use: id, for: 'pools' as const })),
      detectors: detectors.map((each) => ({ ...each, for: 'pools' as const })),
      store: use(noStore),
      // Nobody is told: that there are too many alerts is not to be held back.
      alerts: { limit: 1e6, rules: options.above === undefined ? {} : { anomaly: { above: options.above } } },
      pools: drawn.map(({ world }) => ({ id: world.id, groups: [world.id], unitRate: world.level / 60 / 5, leadTime: '2m', max: 10_000 })),
    },
    {
      mode: 'replay',
      catalogue: catalogue as readonly Plugin[],
      host: { clock: new VirtualClock() },
      decideFrom: begin,
      trustDemand: true,
      onJournal: (line) => {
        const { type, alert } = JSON.parse(line) as { readonly type: string; readonly alert?: Alert };
        if (type !== 'alert' || alert?.status !== 'firing') return;
        const { rule, pool } = alert.labels;
        if (rule !== 'anomaly') return;
        const own = alerts.get(pool as string) as Told[];
        // What lasts is told again; it began once. It is told when the step that it is of is over.
        const at = alert.startsAt - MINUTE;
        if (own.at(-1)?.at !== at) own.push({ at, summary: alert.summary });
      },
    },
  );
  try {
    await engine.start();
    await engine.run();
  } finally {
    await engine.close();
  }
  return drawn.map(({ world, incidents }) => ({ world, incidents, alerts: alerts.get(world.id) ?? [], weeks: judged }));
}
