import type { Decision, Logger } from '@auspex/contracts';
import type { EngineSettings } from '../config/schema.ts';
import type { PoolState } from '../cycle/pools.ts';
import type { Journal } from '../journal.ts';
import { beginFleet, type LeadFleet, orderUnits, readyUnits } from './lead-fleet.ts';
import { reactiveReady, reactiveUnits } from './reactive-shadow.ts';
import { beginRollout, type RolloutOptions, type RolloutState, type Stage, stepRollout } from './rollout.ts';

type Settings = NonNullable<EngineSettings['pools'][number]['rollout']>;

/** What the checkpoint keeps of a pool's rollout. */
export interface PoolRollout {
  readonly state: RolloutState;
  /** What its decisions would have, by the pool's lead time. */
  readonly fleet: LeadFleet | null;
  /** The step that is under way: units that were ready when it began. */
  readonly open: { readonly step: number; readonly ours: number; readonly reference: number } | null;
}

/** The rollouts of all pools that have one, for the cycle of an engine that acts. */
export class Rollouts {
  readonly #settings: ReadonlyMap<string, Settings>;
  readonly #stepMs: number;
  readonly #journal: Journal;
  readonly #logger: Logger;

  constructor({ pools, step }: EngineSettings, journal: Journal, logger: Logger) {
    this.#settings = new Map(pools.flatMap(({ id, rollout }) => (rollout ? [[id, rollout] as const] : [])));
    this.#stepMs = step;
    this.#journal = journal;
    this.#logger = logger;
  }

  /** Undefined = the pool has no rollout: it acts. */
  stageOf(pool: PoolState): Stage | undefined {
    const stage = this.#settings.get(pool.pool.id)?.stage;
    return stage === 'auto' ? (pool.rollout?.state.stage ?? 'shadow') : stage;
  }

  /** Takes in the step that closed at `at`; what that moves is told in the journal. */
  learn(pool: PoolState, at: number): void {
    const settings = this.#settings.get(pool.pool.id);
    const open = pool.rollout?.open;
    if (settings?.stage !== 'auto' || !pool.rollout || open?.step !== at - this.#stepMs) return;
    const rate = pool.truth === 'observed' || pool.truth === 'censored' ? pool.actual : undefined;
    const { state, change } = stepRollout(pool.rollout.state, { ...open, stepMs: this.#stepMs, rate }, optionsOf(pool, settings));
    pool.rollout = { ...pool.rollout, state };
    if (!change) return;
    const text = `${pool.pool.id}: ${change.text}`;
    this.#journal.append({ type: 'notice', step: at, code: change.code, text });
    this.#logger[change.code === 'ROLLOUT_DEMOTED' ? 'warn' : 'info']({ pool: pool.pool.id }, text);
  }

  /** The decision as far as the pool's stage lets it go, with the stage in its trail. */
  limit(pool: PoolState, decision: Decision): Decision {
    const stage = this.stageOf(pool);
    if (stage === undefined || stage === 'full') return decision;
    const by = `rollout(${stage})`;
    const { units } = decision;
    if (stage === 'shadow')
      return { ...decision, shadow: true, trail: [...decision.trail, { by, units, text: 'nothing is ordered: the pool is watched' }] };
    if (!pool.surges.shadow) {
      const reason = {
        by,
        units: decision.previous,
        text: `${decision.previous} stay: what a reactive policy would have is not known yet`,
      };
      return { ...decision, units: decision.previous, trail: [...decision.trail, reason] };
    }
    const { share } = this.#settings.get(pool.pool.id) as Settings;
    const reactive = reactiveUnits(pool.surges.shadow);
    const limited = reactive + part(units - reactive, share);
    const text = `${limited} of ${units}: ${Math.round(100 * share)} % of the way from the ${reactive} of a reactive policy`;
    return { ...decision, units: limited, trail: [...decision.trail, { by, units: limited, text }] };
  }

  /**
   * Takes the final decision in: what it would have ready is what the pool is judged by.
   * @param acts is it carried out? Then the target says what is ready
   * @param held does an operator hold the pool? What that costs is not its own
   */
  decided(pool: PoolState, { step, units, shadow }: Decision, acts: boolean, held: boolean): void {
    if (this.#settings.get(pool.pool.id)?.stage !== 'auto') return;
    const { state, fleet: before } = pool.rollout ?? { state: beginRollout(), fleet: null };
    const { leadTimeMs, control } = pool.pool;
    const fleet = before ? orderUnits(before, step, units, leadTimeMs) : beginFleet(units);
    const reference = pool.surges.shadow ? reactiveReady(pool.surges.shadow, step) : undefined;
    const thought = readyUnits(fleet, step);
    // Under an autoscaler a floor takes nothing away from what that has.
    const modelled = control === 'floor' ? Math.max(thought, reference ?? 0) : thought;
    const ours = acts && !shadow && pool.ready !== undefined ? pool.ready : modelled;
    // What is ready just after a move was ordered before it, or by somebody else.
    const settled = !held && (state.since === null || step >= state.since + leadTimeMs + this.#stepMs);
    pool.rollout = { state, fleet, open: settled && reference !== undefined ? { step, ours, reference } : null };
  }
}

/** A share of a difference, at least one unit where there is any: a small pool would never move. */
function part(difference: number, share: number): number {
  return Math.sign(difference) * Math.min(Math.abs(difference), Math.max(1, Math.floor(Math.abs(difference) * share)));
}

function optionsOf({ pool }: PoolState, settings: Settings): RolloutOptions {
  const { unitRate, target, price } = pool;
  // Units without a price are worth something all the same.
  const idle = price > 0 ? price : 1;
  return { ...settings, unitRate, target, price: idle, shortPrice: settings.shortPrice ?? 10 * idle };
}
