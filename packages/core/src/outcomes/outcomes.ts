import type { StepOutcome, SurgeOutcome, Truth } from '@auspex/contracts';
import { unitsAtTarget } from '@auspex/numerics';
import type { EngineSettings } from '../config/schema.ts';
import { type PoolState, quietRate } from '../cycle/pools.ts';
import { isThrottled } from '../cycle/truth.ts';
import type { World } from '../cycle/world.ts';
import { isClosed } from '../forecasting/gate.ts';
import type { Journal } from '../journal.ts';
import { stamp } from '../persistence/keys.ts';
import type { LearnStage } from '../stages/learn.ts';
import type { ProfileStage } from '../stages/profile.ts';
import { mostOf } from '../usage/demand.ts';
import type { Awaited } from './awaited.ts';

const DAY_MS = 86_400_000;

/** A surge whose step has come: what was said, and what its profile expected of the step before it learnt from it. */
interface Expected {
  readonly group: string;
  readonly said: number;
  readonly expected: number;
}

/** A decision whose step has come. */
export interface Due {
  readonly state: PoolState;
  readonly awaited: Awaited;
  readonly surges: readonly Expected[];
}

/** Joins what came of a step to what was forecast and decided for it, hands it to the learners, and journals both. */
export class Outcomes {
  readonly #settings: EngineSettings;
  readonly #world: World;
  readonly #profile: ProfileStage;
  readonly #learn: LearnStage;
  readonly #journal: Journal;

  constructor(settings: EngineSettings, world: World, profile: ProfileStage, learn: LearnStage, journal: Journal) {
    this.#settings = settings;
    this.#world = world;
    this.#profile = profile;
    this.#learn = learn;
    this.#journal = journal;
  }

  /** What was decided for `step`; asked before anything learns from it, since it is judged by what was expected. */
  due(step: number): readonly Due[] {
    return this.#world.pools.flatMap((state) => {
      const { awaited } = state.outcomes;
      if (!awaited.some((each) => each.step <= step)) return [];
      state.outcomes.awaited = awaited.filter((each) => each.step > step);
      return awaited.flatMap((each) => (each.step === step ? [{ state, awaited: each, surges: this.#expected(state, each) }] : []));
    });
  }

  #expected(state: PoolState, { step, surges }: Awaited): Expected[] {
    return surges.flatMap(({ group, said }) => {
      const series = state.members.get(group);
      const rate = series && this.#profile.expected(group, step);
      return series === undefined || rate === undefined ? [] : [{ group, said, expected: rate * this.#world.scale(group, series, state) }];
    });
  }

  /** Takes in what is known of the step now. */
  learn(due: readonly Due[], step: number): void {
    const outcomes = due.map((each) => this.#outcome(each, step));
    const at = step + this.#settings.step;
    for (const outcome of outcomes) this.#journal.append({ type: 'outcome', step: at, outcome });
    for (const { learner, group, from, to } of this.#learn.learn(outcomes)) {
      const text = `${learner}: what came of surges of group ${group} moves its sensitivity from ${from.toPrecision(2)} to ${to.toPrecision(2)}`;
      this.#journal.append({ type: 'notice', step: at, code: 'SENSITIVITY_LEARNT', text });
    }
    if (at % DAY_MS < this.#settings.step) for (const { state } of due) this.#tellDay(state, at);
  }

  #outcome({ state, awaited, surges }: Due, step: number): StepOutcome {
    const { pool, truth, actual, tally } = { ...state, tally: state.outcomes.tally };
    const { key, units, expected, low, high } = awaited;
    if (truth === 'observed') {
      tally.outcomes++;
      if (actual < low) tally.below++;
      if (actual > high) tally.above++;
    }
    // What was seen last is not what was seen now.
    const demand = truth === 'missing' ? 0 : actual;
    return {
      pool: pool.id,
      step,
      truth,
      demand,
      ready: state.ready ?? units,
      ...(state.ready === undefined && { assumed: true as const }),
      needed: unitsAtTarget(demand, pool.unitRate * pool.target),
      forecast: { expected, low, high },
      decision: { key, units },
      surges: surges.map((each) => this.#surge(state, each)),
    };
  }

  #surge(state: PoolState, { group, said, expected }: Expected): SurgeOutcome {
    const load = state.loads.get(group);
    const rate = load ? (1000 * mostOf(state.measures, load.amounts)) / this.#settings.step : 0;
    const hidden = state.saturated || (load !== undefined && isThrottled(load, this.#settings));
    const truth: Truth = this.#world.truth === 'observed' && hidden ? 'censored' : this.#world.truth;
    return { group, truth, said, came: (rate - expected) / Math.max(expected, quietRate(state.pool, this.#settings.step)) };
  }

  /** Once a day, what is believed by now of each pool, in one line. */
  #tellDay({ pool, outcomes, total, surges, capacity }: PoolState, at: number): void {
    const { tally } = outcomes;
    if (tally.outcomes === 0) return;
    const share = (count: number): string => `${Math.round((100 * count) / tally.outcomes)} %`;
    const { samples } = capacity.lead;
    const parts = [
      `of ${tally.outcomes} outcomes ${share(tally.below)} were below and ${share(tally.above)} above the 80 % that was forecast`,
      isClosed(total.gate) ? 'the last value goes on in place of predictors' : `predictors weigh ${weighed(outcomes.weights)}`,
      `outcomes move the log-odds of a surge by ${(surges.logistic.weights[0] as number).toFixed(2)}`,
      `lead times of ${samples.kept.length} orders are known`,
    ];
    this.#journal.append({ type: 'notice', step: at, code: 'LEARNT', text: `${pool.id}, until ${stamp(at)}: ${parts.join('; ')}` });
    outcomes.tally = { outcomes: 0, below: 0, above: 0 };
  }
}

function weighed(weights: Readonly<Record<string, number>>): string {
  const parts = Object.entries(weights).map(([name, weight]) => `${name} ${Math.round(100 * weight)} %`);
  return parts.join(', ') || 'nothing yet';
}
