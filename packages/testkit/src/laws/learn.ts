import type { Learner, StepOutcome, SurgeOutcome, Truth } from '@auspex/contracts';
import { broken, type Law, laws, must } from '../law.ts';
import { deepFreeze } from '../tools.ts';
import { commonLaws } from './common.ts';
import { mustRefuse, mustStayBounded } from './support/bytes.ts';
import { everywhere } from './support/elsewhere.ts';
import { difference, mustAgree, mustBeAlike } from './support/same.ts';

/** Long, so that windows of days are full well before a law looks at the size of a state. */
const STEP_MS = 900_000;
const START = Date.UTC(2026, 0, 5);

function outcome(pool: string, n: number, given: Partial<StepOutcome> = {}): StepOutcome {
  const demand = Math.round(300 + 200 * Math.sin((2 * Math.PI * n) / 60) + ((n * 7919) % 50));
  const needed = Math.ceil(demand / 35);
  return { pool, step: START + n * STEP_MS, truth: 'observed', demand, needed, ready: needed + ((n * 31) % 5) - 2, ...given };
}

/** What came of a surge of the `n`th step: more than was said on some days, less on others. */
function surge(group: string, n: number, truth: Truth): SurgeOutcome {
  const said = 0.2 + (n % 5) / 5;
  return { group, truth, said, came: said * (0.5 + ((n * 31) % 20) / 10) };
}

/** The outcomes of the `n`th step for two pools, now and then censored; the same for the same `n`. */
function nth(n: number): readonly StepOutcome[] {
  const truth: Truth = n % 11 === 3 ? 'censored' : 'observed';
  const forecast = { expected: 300, low: 250, high: 350 };
  const surges = [surge('free', n, truth), surge('paid', 3 * n, truth)];
  const api = { demand: 40 + (n % 9), needed: 2, ready: 2, surges: [surge('free', n, 'observed')] };
  return [outcome('web', n, { truth, forecast, decision: { key: `web@${n}`, units: 10 }, surges }), outcome('api', n, api)];
}

/** Learns steps [from, to) one after the other, as the engine does. */
function live(learner: Learner, state: unknown, from: number, to: number): unknown {
  let learnt = state;
  for (let n = from; n < to; n++) learnt = learner.learn(learnt, nth(n));
  return learnt;
}

const lived = (learner: Learner, steps: number): unknown => live(learner, learner.begin(), 0, steps);

/** Outcomes that are no evidence, with numbers that would be seen if they were taken for some. */
function* untold(n: number): Generator<StepOutcome> {
  for (const truth of ['missing', 'masked'] as const)
    for (const demand of [0, 1e9])
      for (const ready of [0, 5])
        yield outcome('web', n, { truth, demand, ready, needed: Math.ceil(demand / 35), surges: [surge('free', n, truth)] });
}

const ODD: readonly (readonly StepOutcome[])[] = [
  [],
  [outcome('web', 20, { demand: 0, needed: 0, ready: 0 })],
  [outcome('web', 21, { demand: 1e9, needed: 30_000_000, ready: 0 })],
  [outcome('web', 22, { truth: 'censored', ready: 0 })],
  [outcome('new pool', 23, { demand: 1e-9, needed: 1, ready: 1_000 })],
  [outcome('', 24)],
  [outcome('web', 25, { surges: [] })],
  [outcome('web', 26, { surges: [{ group: 'free', truth: 'observed', said: 0, came: 0 }] })],
  [outcome('web', 27, { surges: [{ group: 'new', truth: 'observed', said: 1e9, came: -1 }] })],
  [outcome('web', 28, { surges: [{ group: '', truth: 'censored', said: -0.9, came: 1e9 }] })],
  [outcome('web', 29, { surges: [{ group: 'free', truth: 'missing', said: 1, came: 1 }] })],
];

const list: readonly Law<'learner'>[] = [
  {
    name: 'the same outcomes give the same state',
    why: 'a replay must learn what the live run learnt; what is kept outside the state is lost with the process',
    async check(_, tools) {
      const run = (learner: Learner): Uint8Array => learner.encode(lived(learner, 150));
      const one = tools.create();
      const first = run(one);
      mustAgree([first, run(one)], 'a new state of the same instance ends otherwise: something is kept outside the state');
      mustAgree([first, run(tools.create())], 'a second instance learns otherwise from the same outcomes');
      mustAgree(
        [first, ...(await everywhere(() => run(one)))],
        'what it learns depends on the wall clock or on chance: the time of an outcome is its `step`',
      );
    },
  },
  {
    name: 'it learns something',
    why: 'a learner whose state never moves costs a call a step and does nothing',
    check(_, tools) {
      const learner = tools.create();
      const before = learner.encode(learner.begin());
      must(
        difference(before, learner.encode(lived(learner, 1_000))) !== undefined,
        'after 1000 steps, many of them short of units, its state is what it began with',
      );
    },
  },
  {
    name: 'what is missing or masked teaches nothing',
    why: 'an hour in which the source was down, or a declared load test, would be learnt as demand',
    check(_, tools) {
      const learner = tools.create();
      const plain = learner.encode(lived(learner, 60));
      for (const untaught of untold(59)) {
        const text = `${untaught.truth} outcome of demand ${untaught.demand} with ${untaught.ready} units ready`;
        const alone = learner.encode(learner.learn(lived(learner, 60), [untaught]));
        mustBeAlike(plain, alone, `a ${text} changed the state`);
        let state = lived(learner, 59);
        state = learner.learn(state, [untaught, ...nth(59)]);
        mustBeAlike(plain, learner.encode(state), `a ${text} changed what was learnt from the others of its step`);
      }
    },
  },
  {
    name: 'the outcomes are left as they are',
    why: 'every learner is handed the same ones, and they are journaled',
    check(_, tools) {
      const learner = tools.create();
      const given = nth(3);
      learner.learn(learner.begin(), given);
      mustBeAlike(nth(3), given, 'the outcomes before and after');
      try {
        learner.learn(learner.begin(), deepFreeze(nth(3)));
      } catch (error) {
        broken(`frozen outcomes make it throw: ${(error as Error).message}`);
      }
    },
  },
  {
    name: 'odd outcomes do not stop it',
    why: 'a learner that throws learns nothing from the very steps that were out of the ordinary',
    check(_, tools) {
      const learner = tools.create();
      let state = lived(learner, 20);
      for (const outcomes of ODD) {
        try {
          state = learner.learn(state, outcomes);
          learner.decode(learner.encode(state));
        } catch (error) {
          broken(`after ${JSON.stringify(outcomes)} it throws: ${(error as Error).message}`);
        }
      }
    },
  },
  {
    name: 'a state that was read back learns on alike',
    why: 'it is written with each checkpoint and read after each restart: a deploy must not change what is known',
    check(_, tools) {
      const [learner, later] = [tools.create(), tools.create()];
      const written = learner.encode(lived(learner, 100));
      const kept = learner.encode(lived(learner, 200));
      const read = later.encode(live(later, later.decode(written), 100, 200));
      mustBeAlike(kept, read, 'a hundred steps after it was read back the state is another than without that');
    },
  },
  {
    name: 'bytes that it did not write are refused',
    why: 'a state that is read wrongly is wrong for as long as it lasts; one that is refused begins again',
    check(_, tools) {
      const learner = tools.create();
      mustRefuse((bytes) => learner.decode(bytes), learner.encode(lived(learner, 50)));
    },
  },
  {
    name: 'a sensitivity is a number, and not below zero',
    why: 'the surges of a group are multiplied with it: with a negative one a crowd would take units away',
    check(_, tools) {
      const learner = tools.create();
      if (!learner.sensitivity) return;
      let state = lived(learner, 300);
      for (const outcomes of [[], ...ODD]) {
        state = learner.learn(state, outcomes);
        for (const group of ['free', 'paid', 'new', '', 'never seen']) {
          const said = learner.sensitivity(state, group);
          if (said === undefined) continue;
          must(said >= 0 && Number.isFinite(said), `after ${JSON.stringify(outcomes)} that of "${group}" is ${said}`);
        }
      }
    },
  },
  {
    name: 'a group that is forgotten is gone',
    why: '`auspex forget group` promises it, and a name that was erased must not stay in a state',
    check(_, tools) {
      const learner = tools.create();
      if (!learner.forget) return;
      const state = learner.forget(lived(learner, 300), 'free');
      const text = new TextDecoder('latin1').decode(learner.encode(state));
      must(!text.includes('free'), 'the state still holds its name');
      if (!learner.sensitivity) return;
      const fresh = learner.sensitivity(learner.begin(), 'free');
      must(Object.is(learner.sensitivity(state, 'free'), fresh), 'its sensitivity is another than that of a group that was never seen');
    },
  },
  {
    name: 'its state stays small',
    why: 'it is written with each checkpoint, for years',
    check(_, tools) {
      const learner = tools.create();
      const half = lived(learner, 5_000);
      const size = learner.encode(half);
      mustStayBounded(size, learner.encode(live(learner, half, 5_000, 10_000)), '5000 steps');
    },
  },
];

/** What every learner does. */
export const learnerLaws = laws('learner', [
  ...commonLaws<'learner'>((learner: Learner) => learner.decode(learner.encode(learner.learn(learner.begin(), nth(0))))),
  ...list,
]);
