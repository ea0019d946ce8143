// What a step costs where more is known of it than its value, as in an engine: a forecast, and the usage of a pool's minute of some forty events.
import { combined, composition, residual, shape } from '../../../packages/alerts/src/detect/index.ts';
import { type Detector, type DetectView, LEVELS, type Observation, type SeriesInfo } from '../../../packages/contracts/src/index.ts';
import { addEvent, emptyUsage } from '../../../packages/core/src/usage/accumulate.ts';
import { hash32, normalQuantile } from '../../../packages/numerics/src/index.ts';
import { fakeContext } from '../../../packages/testkit/src/index.ts';
import { Minutes } from '../incidents/minutes.ts';
import { MINUTE, poolWorld, usualAt } from '../incidents/pool.ts';

const FROM = Date.UTC(2026, 0, 5);
/** Steps of which states are full, and those that are timed after them, in rounds. */
const [BEFORE, ROUND, ROUNDS] = [4_000, 1_000, 9];
const SERIES: SeriesInfo = { id: 'pool:web', scope: 'pool', name: 'web', pop: '*', measure: 'requests', zone: 'UTC', stepMs: MINUTE };

interface Step {
  readonly observation: Observation;
  readonly expected: number;
  readonly view: DetectView;
}

/** The same minutes for all detectors. */
function steps(): Step[] {
  const world = poolWorld('web', FROM, (BEFORE + ROUND * ROUNDS) / 1440 + 1, 'cost');
  const minutes = new Minutes(world, [], 'cost/minutes');
  const deviates = LEVELS.map((level) => normalQuantile(level));
  return Array.from({ length: BEFORE + ROUND * ROUNDS }, (_, n) => {
    const step = FROM + n * MINUTE;
    const usage = emptyUsage(step, 'web', '');
    for (const event of minutes.next(step)) addEvent(usage, { ...event, group: 'web' }, (user) => hash32(user));
    const expected = usualAt(world, step) / 60;
    const quantiles = Float64Array.from(deviates, (deviate) => expected * Math.exp(0.06 * deviate));
    return { observation: { step, value: usage.offered / 60, truth: 'observed' }, expected, view: { quantiles, usage: () => usage } };
  });
}

/** A line a detector: CPU of a step, median of the rounds, and bytes of its state. */
export function costText(): string {
  const all = steps();
  const lines = [combined, shape, residual, composition].map((plugin) => {
    const detector = plugin.create(plugin.config.parse({}) as never, fakeContext()) as Detector;
    const state = detector.begin(SERIES);
    const score = (from: number, to: number): void => {
      for (const { observation, expected, view } of all.slice(from, to)) detector.detect(state, observation, expected, view);
    };
    score(0, BEFORE);
    const rounds = Array.from({ length: ROUNDS }, (_, n) => {
      const began = process.cpuUsage();
      score(BEFORE + n * ROUND, BEFORE + (n + 1) * ROUND);
      const { user, system } = process.cpuUsage(began);
      return (user + system) / ROUND;
    });
    const median = rounds.sort((a, b) => a - b)[ROUNDS >> 1] as number;
    return `  ${plugin.id.padEnd(12)} ${median.toFixed(1)} us of CPU a step, ${(detector.encode(state).length / 1024).toFixed(0)} KB of state`;
  });
  return [`with forecasts and usage, after ${BEFORE.toLocaleString('en-US')} minutes:`, ...lines].join('\n');
}
