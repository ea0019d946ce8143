import type { ClassPool } from './config.ts';

/** A class of a queueing discipline. */
export interface TrafficClass {
  /** Kind of its queueing discipline: htb, hfsc, … */
  readonly kind: string;
  /** Undefined = it is the topmost. */
  readonly parent: string | undefined;
  readonly prio: number;
  /** Bits a second. */
  readonly rate: number;
  /** Bits a second that it may borrow up to. */
  readonly ceil: number;
}

/** What the target needs of `tc`. */
export interface TrafficClient {
  /** Undefined where there is no such class. @throws Refused where there is no such device; Unavailable */
  show(pool: ClassPool, signal: AbortSignal): Promise<TrafficClass | undefined>;
  /** @throws Refused where this user may not, or the class is gone; Unavailable */
  change(pool: ClassPool, to: TrafficClass, signal: AbortSignal): Promise<void>;
}
