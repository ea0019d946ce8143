import type { Receipt, Restored, TargetState } from '../data/receipt.ts';

/** What an actuator is told to do. */
export interface Order {
  /**
   * Idempotency key, `POOL@step`: the same key MUST have one effect, and an order whose step is not later than one carried out
   * for its pool is done. It may come again to a new instance, after a crash: a target that is told absolute units is safe; one
   * that is told to add some needs the key in `context.store` or in the target.
   */
  readonly key: string;
  readonly pool: string;
  readonly pop: string;
  /** Whole units, already inside the pool's bounds. */
  readonly units: number;
  readonly min: number;
  readonly max: number;
  /** Lease epoch of the instance that decided; an order of a lower epoch than one seen MUST be refused. */
  readonly epoch: number;
  /** A shadow order MUST change nothing, neither the target nor what is remembered of keys and epochs: look at this first. */
  readonly shadow: boolean;
  /** Start of the step of the decision, epoch ms. */
  readonly step: number;
  /**
   * Of a floor: until when it is to hold, epoch ms; the order of each cycle renews it. An actuator with `lease: 'target'` MUST see to it
   * that the target then goes back to what it was before the first of them, by itself, with Auspex dead. Absent = it holds for good.
   */
  readonly expires?: number;
}

/** Stage 6: carries orders to a target and reads it back. `read` MUST report the target, never the last order. */
export interface Actuator {
  actuate(order: Order, signal: AbortSignal): Promise<Receipt>;
  read(pool: string, signal: AbortSignal): Promise<TargetState>;
  /**
   * With `lease: 'keeper'`: brings the original back where the pool's floor has run out, and answers undefined where none has. MUST go by what is
   * recorded outside the process: the lease keeper (`auspex keep`) calls it in one of its own, where no order was ever given.
   */
  restore?(pool: string, signal: AbortSignal): Promise<Restored | undefined>;
  close?(): Promise<void>;
}

/** What an actuator declares. */
export interface ActuatorCapabilities {
  /** Who brings the original back when Auspex is silent: the target's own expiry, a keeper, nobody. With `none` a live engine refuses floors. */
  readonly lease: 'target' | 'keeper' | 'none';
}
