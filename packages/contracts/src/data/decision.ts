import type { Hostility } from './anomaly.ts';
import type { PoolSurge, Surge } from './surge.ts';
import type { Measure } from './usage.ts';

/** One entry of a decision's trail: the allocator's reasons first, then one of each tap and guard that changed something, then the end. */
export interface Reason {
  /** `allocate(tiered)`, `guard(bounds)`, `hook(name)`. */
  readonly by: string;
  /** Units after this stage. */
  readonly units: number;
  readonly text: string;
}

/** Tier of an allocation: no, moderate or aggressive head-room. Open: a policy may have its own. */
export type Tier = 'none' | 'moderate' | 'aggressive' | (string & {});

/** What the allocator proposes before hooks and guards. */
export interface Proposal {
  readonly pool: string;
  /** Whole, not negative. */
  readonly units: number;
  readonly tier: Tier;
  /** At least one. */
  readonly reasons: readonly Reason[];
  /**
   * The allocator has weighed every step until an order of now could be ready: what it gives up is not needed before. Then units fall at
   * once; without it scale-in is stabilised over the lead time, unless the config says otherwise.
   */
  readonly settled?: boolean;
}

/** Units for one pool from one step on. Journaled before it is actuated. */
export interface Decision {
  /** `POOL@ISO step`: the idempotency key. */
  readonly key: string;
  readonly pool: string;
  readonly pop: string;
  /** Start of the first step not known when it was made: the decision's own time. Epoch milliseconds. */
  readonly step: number;
  readonly units: number;
  /** Units ordered before. */
  readonly previous: number;
  readonly tier: Tier;
  readonly shadow: boolean;
  readonly trail: readonly Reason[];
  /** Demand of the last closed step and the forecast for the lead time, rates a second. */
  readonly demand: {
    readonly actual: number;
    readonly expected: number;
    readonly low: number;
    readonly high: number;
    readonly at: number;
    readonly by: string;
    /** Of a pool with several measures: the one that asked for the most units in the last closed step. */
    readonly binding?: Measure;
    /** For an ensemble: each predictor's weight. */
    readonly weights?: Readonly<Record<string, number>>;
    readonly fallback?: string;
    /**
     * Who moves the forecast, the strongest first: other groups (by name) and `sign-ins`, with the factor at the lead time. Absent = nobody;
     * so it is in journals of versions before there were any.
     */
    readonly leaders?: readonly { readonly of: string; readonly factor: number; readonly text: string }[];
  };
  /** The pool's surges, strongest first, at most five. */
  readonly surges: readonly Surge[];
  /** The pool as a whole; absent until anything is known of its demand, and in journals of versions before there was one. */
  readonly surge?: PoolSurge;
  /** Of a surge that a detector has judged: attack, or audience? Absent where there is none, or no detector that can tell. */
  readonly hostility?: Hostility;
  readonly configHash: string;
  /** Digest of all closed usage that led here: same config and same digest give the same decision. */
  readonly stateHash: string;
}
