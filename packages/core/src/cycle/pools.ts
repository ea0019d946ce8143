import type { Hostility, Measure, Pool, PoolSurge, Receipt, TargetState, Truth, Usage } from '@auspex/contracts';
import type { CapacityState } from '../capacity/state.ts';
import { glob } from '../config/glob.ts';
import type { EngineSettings } from '../config/schema.ts';
import type { SeriesState } from '../forecasting/mixer.ts';
import type { GuardView } from '../guards/guard.ts';
import type { CapState } from '../hostile/cap.ts';
import type { LeadersState } from '../leaders/state.ts';
import type { OutcomeState } from '../outcomes/awaited.ts';
import type { PoolRollout } from '../rollout/rollouts.ts';
import type { SurgeState } from '../surge/state.ts';
import { mostOf, type Weighed } from '../usage/demand.ts';
import { amount } from '../usage/merge.ts';
import type { QuietState } from './quiet.ts';

/** What one group did to one pool in one step. */
export interface Load {
  /** By measure of the pool, in the order of its measures. */
  readonly amounts: number[];
  requests: number;
  served: number;
  failed: number;
  throttled: number;
}

/** One pool with what the cycle remembers of it. */
export interface PoolState {
  pool: Pool;
  /** As the config has it: what was learnt of the pool is measured against this. */
  readonly configured: Pool;
  /** Its measures, and what one of each counts in the pool's own. */
  readonly measures: readonly Weighed[];
  horizon: readonly number[];
  /** Series of the pool's total. */
  readonly total: SeriesState;
  /** Series of each group that has loaded the pool. */
  readonly members: Map<string, SeriesState>;
  /** What this step's usage put on it, by group. */
  readonly loads: Map<string, Load>;
  /** Sign-ins of its groups in this step. */
  signIns: number;
  /** Rate a second of the last step of which anything is known: a lower bound, where it was censored. */
  actual: number;
  /** Of several measures, the one that asked for the most units in the last step of which anything is known. */
  binding: Measure | undefined;
  /** What is known of the last step's total. */
  truth: Truth;
  /** Units ordered last; undefined before the first decision or read. */
  previous: number | undefined;
  /** Units that the target had ready when it was last read; undefined = it cannot be read. */
  ready: number | undefined;
  /** What the target held when it was last read, in this process. */
  held: TargetState | undefined;
  proposals: { step: number; units: number }[];
  lastChange: number | undefined;
  /** Were the ready units so busy in the last step that some demand may have stayed away? */
  saturated: boolean;
  /** Steps in a row in which a reduction was asked for in full control and nothing stopped it, and the units that were safe. */
  calm: { step: number; units: number }[];
  /** What is learnt of its surges, and the chance of one as it was last told. */
  surges: SurgeState;
  surge: PoolSurge | undefined;
  /** Of its demand in the last step, where that was a surge and a detector has judged it. */
  hostility: Hostility | undefined;
  /** Its peaks, and whether rises are capped. */
  capped: CapState;
  /** Is nobody there, and was that expected? */
  quiet: QuietState;
  /** Of its last order. */
  receipt: Receipt | undefined;
  /** Its step, epoch ms. */
  ordered: number | undefined;
  /** Who leads it: other groups, and those who sign in. */
  leaders: LeadersState;
  /** Undefined before the first decision of a pool that is rolled out by itself. */
  rollout: PoolRollout | undefined;
  /** Decisions that wait for what becomes of them. */
  outcomes: OutcomeState;
  /** What is learnt of its lead time and of what a unit serves. */
  capacity: CapacityState;
}

/** The pools of a config as the contracts know them. */
export function makePools(settings: EngineSettings): Pool[] {
  return settings.pools.map((pool) => {
    const groups = glob(pool.groups);
    const weights = Object.entries(pool.importances).map(([pattern, weight]) => [glob([pattern]), weight] as const);
    return Object.freeze({
      id: pool.id,
      pop: pool.pop,
      measure: pool.measure,
      unitRate: pool.unitRate,
      ...(pool.also && Object.keys(pool.also).length > 0 && { also: Object.freeze({ ...pool.also }) }),
      target: pool.target,
      min: pool.min,
      max: pool.max,
      leadTimeMs: pool.leadTime,
      price: pool.price,
      importance: pool.importance,
      control: pool.control,
      serves: (group: string, pop: string) => (pool.pop === '*' || pool.pop === pop) && groups(group),
      importanceOf: (group: string) => weights.find(([matches]) => matches(group))?.[1] ?? 1,
    });
  });
}

/** Which pools a usage loads: by POP first, and remembered by group, since globs are slow to ask for every step. */
export class PoolIndex {
  readonly #byPop = new Map<string, Map<string, readonly PoolState[]>>();
  readonly #pools: readonly PoolState[];

  constructor(pools: readonly PoolState[]) {
    this.#pools = pools;
  }

  loadedBy(group: string, pop: string): readonly PoolState[] {
    let byGroup = this.#byPop.get(pop);
    if (!byGroup) {
      byGroup = new Map();
      this.#byPop.set(pop, byGroup);
    }
    let pools = byGroup.get(group);
    if (!pools) {
      pools = this.#pools.filter((state) => state.pool.serves(group, pop));
      byGroup.set(group, pools);
    }
    return pools;
  }

  forget(group: string): void {
    for (const byGroup of this.#byPop.values()) byGroup.delete(group);
  }
}

function emptyLoad({ measures }: PoolState): Load {
  return { amounts: measures.map(() => 0), requests: 0, served: 0, failed: 0, throttled: 0 };
}

/** Adds a usage to the pool's loads of this step. */
export function addLoad(state: PoolState, usage: Usage): void {
  let load = state.loads.get(usage.group);
  if (!load) {
    load = emptyLoad(state);
    state.loads.set(usage.group, load);
  }
  const { measures } = state;
  for (let i = 0; i < measures.length; i++) load.amounts[i] = (load.amounts[i] as number) + amount(usage, (measures[i] as Weighed).measure);
  load.requests += usage.served + usage.throttled + usage.failed + usage.timedOut;
  load.served += usage.served;
  load.failed += usage.failed;
  load.throttled += usage.throttled + usage.timedOut;
}

/** What the guards may know of the pool. */
export function guardView(state: PoolState, step: number, said: Pick<GuardView, 'blocked' | 'freeze' | 'hold' | 'cap'>): GuardView {
  return {
    step,
    previous: state.previous ?? state.pool.min,
    min: state.pool.min,
    max: state.pool.max,
    proposals: state.proposals,
    lastChange: state.lastChange,
    control: state.pool.control,
    calm: state.calm,
    ...said,
  };
}

/** Requests a step below which a group is quiet. */
const QUIET_COUNT = 20;

/**
 * Below this rate a ratio says nothing: a tenth of a unit's planned load, and for requests twenty of them a step, since a
 * Poisson count below that is off by more than a fifth by chance alone.
 */
export function quietRate(pool: Pool, stepMs: number): number {
  const unit = pool.unitRate * pool.target * 0.1;
  return pool.measure === 'requests' ? Math.max(unit, QUIET_COUNT / (stepMs / 1000)) : unit;
}

/** The loads of all groups together: one limited client among thousands hides nothing of the pool's demand. */
export function sumOfLoads(state: PoolState): Load {
  const sum = emptyLoad(state);
  for (const load of state.loads.values()) {
    for (let i = 0; i < sum.amounts.length; i++) sum.amounts[i] = (sum.amounts[i] as number) + (load.amounts[i] as number);
    sum.requests += load.requests;
    sum.served += load.served;
    sum.failed += load.failed;
    sum.throttled += load.throttled;
  }
  return sum;
}

/** What all groups put on the pool in this step, in its own measure. */
export function total(state: PoolState): number {
  return mostOf(state.measures, sumOfLoads(state).amounts);
}
