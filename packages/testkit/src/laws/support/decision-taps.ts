import type { Decision, Extension, Forecast, Receipt, StageFailure, Tally, Usage } from '@auspex/contracts';
import { stopwatch, within } from '../../run/limit.ts';
import { forecast, START, surge } from './decision-views.ts';

/** Every tap, in the order of a cycle. */
export const TAPS = ['usage', 'forecast', 'decision', 'veto', 'decided', 'receipt', 'failure'] as const;
export type Tap = (typeof TAPS)[number];

/** One call of a tap. */
export interface Call {
  readonly tap: Tap;
  readonly given: readonly unknown[];
  /** For messages. */
  readonly text: string;
}

const HOUR = 3_600_000;
const tally = (counts: Record<string, number>): Tally => ({ level: 0, counts: new Map(Object.entries(counts)), other: 0 });

function usage(step: number, group: string, offered: number): Usage {
  return {
    step,
    group,
    pop: 'fra',
    offered,
    served: offered * 0.9,
    throttled: offered * 0.05,
    failed: offered * 0.03,
    timedOut: offered * 0.02,
    retried: 0,
    work: offered,
    bytes: offered * 1_000,
    kinds: tally({ request: offered }),
    resources: tally({ '/': offered / 2, '/cart': offered / 2 }),
    features: tally({}),
    countries: tally({ DE: offered }),
    accessLevels: tally({}),
    sources: tally({}),
    users: { hashes: new Set([1, 2, 3]) },
    sessionStarts: 1,
    sessionEnds: 1,
    sessionLengths: Array.from({ length: 17 }, (_, bin) => (bin === 8 ? 1 : 0)),
  };
}

function decision(n: number, given: Partial<Decision> = {}): Decision {
  const step = START + n * 6 * HOUR;
  const units = [0, 1, 5, 12, 40][n % 5] as number;
  const pool = n % 3 === 0 ? 'api' : 'web';
  const tier = (['none', 'moderate', 'aggressive'] as const)[n % 3] as string;
  const surges = [surge('retail', 'fra', 100, 180, 0.8), surge('b2b', 'fra', 50, 50, 0)].slice(0, n % 4);
  return {
    key: `${pool}@${new Date(step).toISOString()}`,
    pool,
    pop: 'fra',
    step,
    units,
    previous: 6,
    tier,
    shadow: n % 7 === 6,
    trail: [{ by: 'allocate(tiered)', units, text: 'of the laws' }],
    demand: { actual: 40 * units, expected: 42 * units, low: 30 * units, high: 60 * units, at: step + HOUR, by: 'seasonal' },
    surges,
    configHash: 'c0ffee',
    stateHash: '5eed',
    ...given,
  };
}

const receipt = (of: Decision, given: Partial<Receipt> = {}): Receipt => ({
  key: of.key,
  pool: of.pool,
  status: 'applied',
  units: of.units,
  ready: 4,
  ...given,
});

const failed = (given: Partial<StageFailure> = {}): StageFailure => ({
  stage: 'predict',
  plugin: 'hmm',
  subject: 'pool:web',
  message: 'no end',
  fallback: 'persistence',
  ...given,
});

/** Four decisions a day for a week, and what surrounds each. Made anew each time: a tap that changes one must not change the next. */
export function week(): readonly Call[] {
  return Array.from({ length: 28 }, (_, n) => cycle(n)).flat();
}

function cycle(n: number): readonly Call[] {
  const of = decision(n);
  const of2 = `${of.key} of ${of.units} units`;
  const groups = ['retail', 'b2b', 'load-test'].map((group, index) => usage(of.step, group, 100 * (n + 1) * (index + 1)));
  return [
    { tap: 'usage', given: [groups, of.step], text: `three groups at ${new Date(of.step).toISOString()}` },
    { tap: 'forecast', given: [forecast(`pool:${of.pool}`, of.step, of.demand.expected)], text: `a forecast for ${of.pool}` },
    { tap: 'decision', given: [of], text: of2 },
    { tap: 'veto', given: [of], text: of2 },
    { tap: 'decided', given: [of], text: of2 },
    { tap: 'receipt', given: [receipt(of)], text: `the receipt of ${of2}` },
    { tap: 'failure', given: [failed(), of.step], text: 'a predictor that failed' },
  ];
}

/** What comes in the first hours, and in bad ones. */
export function odd(): readonly Call[] {
  const bare = decision(1, { surges: [], demand: { ...decision(1).demand, by: 'persistence', fallback: 'not ready' } });
  const zero = decision(2, {
    units: 0,
    previous: 0,
    surges: [],
    tier: 'a tier of its own',
    demand: { ...decision(2).demand, actual: 0, expected: 0, low: 0, high: 0 },
  });
  const short: Forecast = { ...forecast('pool:web', START, 10, 'not ready'), horizon: [1], quantiles: new Float64Array(8) };
  const nothing: Usage = { ...usage(START, 'other', 0), users: { registers: new Uint8Array(16) }, sessionLengths: [] };
  const decisions = [bare, zero].flatMap((of) =>
    (['decision', 'veto', 'decided'] as const).map((tap) => ({ tap, given: [of], text: `${of.key} without surges, tier "${of.tier}"` })),
  );
  return [
    { tap: 'usage', given: [[], START], text: 'no usage at all' },
    { tap: 'usage', given: [[nothing], START], text: 'usage of nothing' },
    { tap: 'forecast', given: [short], text: 'a fallback forecast of zero for one step' },
    ...decisions,
    { tap: 'receipt', given: [receipt(bare, { status: 'refused', units: 0, ready: 0 })], text: 'a refused receipt' },
    { tap: 'failure', given: [failed({ subject: '', message: '' }), 0], text: 'a failure without a message' },
  ];
}

/** Longest that the engine waits for a tap, milliseconds. */
export const LIMIT = 1_000;

/** In place of an answer that did not come in time. */
export const LATE: unique symbol = Symbol('late');

/** What a tap says, or `LATE`. @throws what it throws */
export async function inTime(extension: Extension, { tap, given }: Call): Promise<unknown> {
  const passed = stopwatch();
  const answer = (extension[tap] as ((...given: readonly unknown[]) => unknown) | undefined)?.call(extension, ...given);
  if (!(answer instanceof Promise)) return passed() > LIMIT ? LATE : answer;
  // Not told by a clock: a timer may go off a little before its time.
  let late = true;
  const answered = answer.finally(() => {
    late = false;
  });
  return within(answered, LIMIT, 'late').catch((error: unknown) => {
    if (late) return LATE;
    throw error;
  });
}

/** What a tap says; one that is late has no opinion, as in the engine. @throws what it throws */
export async function ask(extension: Extension, call: Call): Promise<unknown> {
  const answer = await inTime(extension, call);
  return answer === LATE ? undefined : answer;
}

/** What a tap says; one that throws or hangs has no opinion, as in the engine. */
export async function opinion(extension: Extension, call: Call): Promise<unknown> {
  try {
    return await ask(extension, call);
  } catch {
    return undefined;
  }
}
