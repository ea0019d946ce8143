import type { Anomaly, Detector, Observation, SeriesInfo, Truth } from '@auspex/contracts';
import { broken, type Law, laws, must } from '../law.ts';
import { deepFreeze } from '../tools.ts';
import { commonLaws } from './common.ts';
import { mustRefuse, mustStayBounded } from './support/bytes.ts';
import { everywhere } from './support/elsewhere.ts';
import { mustAgree, mustBeAlike } from './support/same.ts';

const STEP_MS = 900_000;
const START = Date.UTC(2026, 0, 5);
const DAY = 96;

function series(name = 'retail'): SeriesInfo {
  return { id: `${name}@fra/requests`, scope: 'group', name, pop: 'fra', measure: 'requests', zone: 'Europe/Berlin', stepMs: STEP_MS };
}

/** One step of a steady daily curve with a little noise, and what the profile expects of it. The same for the same `n`. */
function nth(n: number, given: Partial<Observation> = {}): readonly [Observation, number] {
  const expected = 100 + 60 * Math.sin((2 * Math.PI * n) / DAY);
  const noise = 1 + (((n * 7919) % 101) / 100 - 0.5) * 0.1;
  return [{ step: START + n * STEP_MS, value: expected * noise, truth: 'observed', ...given }, expected];
}

/** Scores steps [from, to), one after the other. */
function live(
  detector: Detector,
  state: unknown,
  from: number,
  to: number,
  given: (n: number) => Partial<Observation> = () => ({}),
): Anomaly[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => detector.detect(state, ...nth(from + i, given(from + i))));
}

/** A state that has seen the first `steps` steps. */
function lived(detector: Detector, steps: number): unknown {
  const state = detector.begin(series());
  live(detector, state, 0, steps);
  return state;
}

const scores = (anomalies: readonly Anomaly[]): number[] => anomalies.map(({ score }) => score);

/** Index of the first score that differs; -1 = none. */
const differs = (a: readonly number[], b: readonly number[]): number => a.findIndex((score, i) => score !== b[i]);

const VALUES = [0, 1e-12, 100, 1e9];
const TRUTHS: readonly Truth[] = ['observed', 'censored', 'masked', 'missing'];

const list: readonly Law<'detector'>[] = [
  {
    name: 'a score is in 0..1, on odd input too',
    why: 'alerts are raised where a score passes a limit: NaN passes none, and 17 passes every one',
    check(_, tools) {
      const detector = tools.create();
      for (const state of [detector.begin(series()), lived(detector, 2 * DAY)]) {
        let n = 2 * DAY;
        for (const truth of TRUTHS)
          for (const value of VALUES)
            for (const expected of [undefined, ...VALUES]) {
              const { score } = detector.detect(state, { step: START + n++ * STEP_MS, value, truth }, expected);
              const right = score >= 0 && score <= 1;
              must(right, `the score is ${score} where ${value} was ${truth} and ${expected} expected`);
            }
      }
    },
  },
  {
    name: 'it says which step of whom it is about, and why',
    why: 'an alert about another group sends people to the wrong place',
    check(_, tools) {
      const detector = tools.create();
      for (const name of ['retail', 'b2b']) {
        const state = detector.begin(series(name));
        for (let n = 0; n < DAY; n++) {
          const [observation, expected] = nth(n);
          const got = detector.detect(state, observation, expected);
          const about = got.group === name && got.pop === 'fra' && got.step === observation.step;
          must(about, `asked about ${name}@fra at ${observation.step}, it answers about ${got.group}@${got.pop} at ${got.step}`);
          must(got.score === 0 || got.cause !== '', `a score of ${got.score} has no cause`);
        }
      }
    },
  },
  {
    name: 'an outlier scores higher than an ordinary step',
    why: 'a detector that does not see twenty times the usual sees nothing',
    check(_, tools) {
      const detector = tools.create();
      const weeks = 14 * DAY;
      const written = detector.encode(lived(detector, weeks));
      const [usual, expected] = nth(weeks);
      const score = (value: number): number => detector.detect(detector.decode(written), { ...usual, value }, expected).score;
      const [ordinary, outlier] = [score(usual.value), score(usual.value * 20)];
      must(outlier > ordinary, `after two steady weeks an ordinary step scores ${ordinary}, and twenty times the usual scores ${outlier}`);
    },
  },
  {
    name: 'a score uses nothing later than its step',
    why: 'what looks ahead is perfect in a backtest and blind in production',
    check(_, tools) {
      const detector = tools.create();
      const told = (steps: number): { held: Anomaly[]; atOnce: number[] } => {
        const [state, held, atOnce] = [detector.begin(series()), [] as Anomaly[], [] as number[]];
        for (let n = 0; n < steps; n++) {
          const anomaly = detector.detect(state, ...nth(n, n % 50 === 49 ? { value: 5_000 } : {}));
          held.push(anomaly);
          atOnce.push(anomaly.score);
        }
        return { held, atOnce };
      };
      const [whole, prefix] = [told(2 * DAY), told(DAY)];
      const later = differs(scores(whole.held), whole.atOnce);
      must(later < 0, `the score of step ${later} was changed after it had been given`);
      const first = differs(prefix.atOnce, whole.atOnce);
      must(
        first < 0,
        `step ${first} scores ${prefix.atOnce[first]} where nothing follows, and ${whole.atOnce[first]} where something does`,
      );
    },
  },
  {
    name: 'what is missing or masked teaches nothing',
    why: 'an outage that is learnt as normal makes the recovery an anomaly, and the next outage none',
    check(_, tools) {
      const detector = tools.create();
      const after = (truth: Truth, value: number): number[] => {
        const state = lived(detector, 2 * DAY);
        const gap = live(detector, state, 2 * DAY, 2 * DAY + 8, () => ({ truth, value }));
        return [...scores(gap), ...scores(live(detector, state, 2 * DAY + 8, 3 * DAY))];
      };
      for (const truth of ['missing', 'masked'] as const) {
        const [low, high] = [after(truth, 0), after(truth, 1e6)];
        const first = differs(low, high);
        const where = first < 8 ? 'themselves' : `the step ${first - 7} after them`;
        must(first < 0, `whether steps that are ${truth} say 0 or 1000000 changes the score of ${where}: ${low[first]} or ${high[first]}`);
      }
    },
  },
  {
    name: 'the same steps give the same scores',
    why: 'a replay must raise the alerts of the live run; what is kept outside the state is lost with the process',
    async check(_, tools) {
      const run = (detector: Detector): number[] => scores(live(detector, detector.begin(series()), 0, DAY));
      const one = tools.create();
      const first = run(one);
      mustAgree([first, run(one)], 'a new state of the same instance scores otherwise: something is kept outside the state');
      mustAgree([first, run(tools.create())], 'a second instance scores the same steps otherwise');
      mustAgree(
        [first, ...(await everywhere(() => run(one)))],
        'scores depend on the wall clock or on chance: the time of an observation is its `step`',
      );
    },
  },
  {
    name: 'what it is given is left as it is',
    why: 'the same observation goes to the predictors',
    check(_, tools) {
      const detector = tools.create();
      const [info, [given, expected]] = [series(), nth(5)];
      detector.detect(detector.begin(info), given, expected);
      mustBeAlike([nth(5)[0], series()], [given, info], 'the observation and the series before and after');
      try {
        detector.detect(detector.begin(deepFreeze(series())), deepFreeze(nth(5)[0]), expected);
      } catch (error) {
        broken(`frozen input makes it throw: ${(error as Error).message}`);
      }
    },
  },
  {
    name: 'a state that was read back scores on alike',
    why: 'it is written with each checkpoint and read after each restart: a deploy must not look like an anomaly',
    check(_, tools) {
      const [detector, later] = [tools.create(), tools.create()];
      const state = lived(detector, 3 * DAY);
      const back = later.decode(detector.encode(state));
      const [kept, read] = [scores(live(detector, state, 3 * DAY, 4 * DAY)), scores(live(later, back, 3 * DAY, 4 * DAY))];
      const first = differs(kept, read);
      must(first < 0, `${first + 1} steps after it was read back it scores ${read[first]}, and without that ${kept[first]}`);
    },
  },
  {
    name: 'bytes that it did not write are refused',
    why: 'a state that is read wrongly is wrong for as long as it lasts; one that is refused begins again',
    check(_, tools) {
      const detector = tools.create();
      mustRefuse((bytes) => detector.decode(bytes), detector.encode(lived(detector, DAY)));
    },
  },
  {
    name: 'its state stays small',
    why: 'there is one for each group at each POP, written with each checkpoint, for years',
    check(_, tools) {
      const detector = tools.create();
      const state = lived(detector, 5_000);
      const half = detector.encode(state);
      live(detector, state, 5_000, 10_000);
      mustStayBounded(half, detector.encode(state), '5000 steps');
    },
  },
];

/** What every detector does. */
export const detectorLaws = laws('detector', [
  ...commonLaws<'detector'>((detector: Detector) => {
    const state = detector.begin(series());
    detector.detect(state, ...nth(0));
    detector.decode(detector.encode(state));
  }),
  ...list,
]);
