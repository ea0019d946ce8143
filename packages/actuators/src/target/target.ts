import type { Order, TargetState } from '@auspex/contracts';

/** What Auspex leaves with a target: what it did there, and what was there before. Kept by the target itself where that can, else in a file. */
export interface Mark {
  /** Units that Auspex set last. */
  readonly units: number;
  /** Units that were set before its first order, or that somebody else has set since: what a floor goes back to. */
  readonly original: number;
  /** Step of the order that set them, epoch ms. */
  readonly step: number;
  /** Lease epoch of that order. */
  readonly epoch: number;
  /** Of a floor: until when it holds, epoch ms. Absent = for good. */
  readonly expires?: number;
  /** Units before that order, while it is not known whether the write went through. */
  readonly was?: number;
  /** Somebody else set the units: Auspex leaves them alone until then, epoch ms. */
  readonly handsOff?: number;
  /** Where units have names (hosts, servers): those that serve by Auspex's doing. */
  readonly parts?: readonly string[];
}

/** What a target is found to be. */
export interface Status extends TargetState {
  /** Most units that the target itself allows, such as an HPA's `maxReplicas`. Absent = it has no such limit. */
  readonly most?: number;
  /** Fewest that it allows now, such as what a disruption budget keeps. Absent = it has no such limit. */
  readonly least?: number;
  /** What a floor goes back to where that is not the units found, such as 0 for a metric that is absent without it. Absent = the units found. */
  readonly base?: number;
  /** What Auspex left there. Absent = nothing. */
  readonly mark?: Mark;
  /** A word on the state that is worth a line in the journal, such as why units are not ready. */
  readonly detail?: string;
}

/** What to set, and what is known of the target when it is decided. */
export interface Scaling {
  readonly units: number;
  /** To be left with the target together with the units; absent = what is there is to be removed. */
  readonly mark?: Mark;
  /** As it was read; a target with versions writes only over this one. */
  readonly status: Status;
  /** The order that it comes from, for targets that pass it on; its units may differ from `units`. Absent = none, something is brought back. */
  readonly order?: Order;
}

/**
 * Something whose units can be read and set. A plugin is a target inside `actuatorOver`, which does what is the same for all: shadow orders, keys,
 * epochs, bounds, floors and their originals, changes by others, retries.
 */
export interface Target<S extends Status = Status> {
  /**
   * Reads what is set and what serves, from the target itself.
   *
   * @throws Refused where the target is not Auspex's to change, naming the owner; Unavailable where asking again may help
   */
  status(pool: string, signal: AbortSignal): Promise<S>;
  /**
   * Sets the units, absolute, and leaves the mark. A target that has an expiry of its own MUST arm it before it raises anything.
   *
   * @throws Refused, Unavailable; Conflict where somebody else wrote since `status`
   */
  scale(pool: string, scaling: Scaling & { readonly status: S }, signal: AbortSignal): Promise<void>;
  /**
   * Goes on with what takes more than one look, such as a drain, where a keeper began it: no order comes after that. Called at each look of the keeper,
   * so it costs nothing where there is nothing to do. Absent = nothing takes longer.
   */
  finish?(pool: string, signal: AbortSignal): Promise<void>;
  /**
   * Runs `act`, a status and what is set by it, while no other process changes the pool. Absent = the target itself refuses a write over what has
   * changed since it was read.
   *
   * @throws Conflict while another one does
   */
  alone?<T>(pool: string, act: () => Promise<T>): Promise<T>;
  close?(): Promise<void>;
}
