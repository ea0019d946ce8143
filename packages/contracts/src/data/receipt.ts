/** What an actuator did with an order. */
export interface Receipt {
  readonly key: string;
  readonly pool: string;
  readonly status: /** The target holds the ordered units, or is on its way to them. */
    | 'applied'
    /** The key was seen before: nothing was done. */
    | 'duplicate'
    /** The order was a shadow: nothing was done. */
    | 'shadow'
    /** The target refused; `detail` says why. */
    | 'refused';
  /** Units that the target holds as ordered after the call. */
  readonly units: number;
  /** Units that serve now. */
  readonly ready: number;
  readonly detail?: string;
  /** Only of `refused`: somebody else has set the target, and it is theirs until then, epoch ms. Nothing is broken, so nobody is paged for it. */
  readonly leftUntil?: number;
}

/** What an actuator reads back from its target. */
export interface TargetState {
  /** Units ordered at the target. */
  readonly units: number;
  /** Units that serve now. */
  readonly ready: number;
}

/** What a lease keeper brought back after a floor ran out. */
export interface Restored {
  readonly pool: string;
  /** Units of the floor. */
  readonly from: number;
  /** Units now: the original, or what somebody else had set meanwhile. */
  readonly units: number;
  /** When the floor ran out, epoch ms. */
  readonly expired: number;
}
