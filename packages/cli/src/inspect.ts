import { AuspexError, formatDuration, type Logger } from '@auspex/contracts';
import { type AuspexConfig, type Catalogue, createEngine, silentLogger, use, VirtualClock } from '@auspex/core';
import { noAssessor, noProfiler, noStore } from '@auspex/evaluate';
import { staticPeakAllocator } from '@auspex/preset';

/** What a first pass over a trace tells. */
export interface TraceFacts {
  readonly first: number;
  readonly end: number;
  readonly stepMs: number;
  /** Rate a second of each step from `first` on; NaN = missing. */
  readonly rates: Float64Array;
  readonly groups: number;
  readonly events: number;
  readonly malformed: number;
  /** Why and where the first malformed record could not be read. */
  readonly firstMalformed?: string;
}

/**
 * Reads the whole trace once, without models: how long, how much, how many groups.
 *
 * @param name of the trace, for errors
 * @throws SOURCE_EMPTY when it holds no two steps
 */
export async function inspectTrace(
  config: Pick<AuspexConfig, 'sources' | 'enrich' | 'step' | 'zone' | 'lateness' | 'seed'>,
  catalogue: Catalogue,
  name: string,
  onStep: (step: number) => void,
): Promise<TraceFacts> {
  const { sources, enrich, step, zone, lateness, seed } = config;
  const given = Object.entries({ enrich, step, zone, lateness, seed }).filter(([, value]) => value !== undefined);
  const rates: number[] = [];
  let first = Number.NaN;
  let firstMalformed: string | undefined;
  const logger: Logger = {
    ...silentLogger,
    warn: (fields, message) => {
      const { at, reason } = fields as { at?: string; reason?: string };
      if (message === 'malformed record skipped') firstMalformed ??= `${at}: ${reason}`;
    },
  };
  const engine = createEngine(
    {
      ...Object.fromEntries(given),
      sources,
      pools: [{ id: 'all', unitRate: 1 }],
      profiler: use(noProfiler),
      assess: use(noAssessor),
      allocate: use(staticPeakAllocator),
      store: use(noStore),
    },
    {
      mode: 'replay',
      catalogue,
      host: { clock: new VirtualClock(), logger },
      decideFrom: Number.POSITIVE_INFINITY,
      onStep: (at, missing) => {
        if (missing) rates[rates.length - 1] = Number.NaN;
        onStep(at);
      },
    },
  );
  const stepMs = engine.settings.step;
  engine.hooks.usage.tap('inspect', (usage, at) => {
    if (Number.isNaN(first)) first = at;
    rates.push(usage.reduce((sum, each) => sum + each.offered, 0) / (stepMs / 1000));
    return usage;
  });
  try {
    await engine.start();
    await engine.run();
    if (rates.length < 2) throw tooShort(name, rates.length, stepMs);
    const { events, malformed } = engine.counts();
    return {
      first,
      end: first + rates.length * stepMs,
      stepMs,
      rates: Float64Array.from(rates),
      groups: engine.groups().length,
      events,
      malformed,
      ...(firstMalformed === undefined ? {} : { firstMalformed }),
    };
  } finally {
    await engine.close();
  }
}

function tooShort(name: string, steps: number, stepMs: number): AuspexError {
  const text = `the trace holds ${steps} step${steps === 1 ? '' : 's'} of ${formatDuration(stepMs)}`;
  return new AuspexError('SOURCE_EMPTY', text, { path: name, remedy: 'Give a longer trace: some to learn from, and some to measure.' });
}
