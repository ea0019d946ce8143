/**
 * Surge probabilities of one pool and what came, one entry a step. Entry `t` is what is known when step `t` begins: its demand is not. Arrays
 * are aligned; rates a second; NaN = not known.
 */
export interface SurgeSeries {
  readonly pool: string;
  /** Starts of the steps, epoch ms, `stepMs` apart. */
  readonly at: ArrayLike<number>;
  readonly stepMs: number;
  /** Offered demand of the step itself. */
  readonly demand: ArrayLike<number>;
  /** 1 = that demand is a lower bound. Default: none is. */
  readonly censored?: ArrayLike<number>;
  /** C_ref: the rate that a reactive policy, by what it has ordered when the step begins, would have units for one lead time later. */
  readonly reference: ArrayLike<number>;
  /** What was said when the step began, 0..1. */
  readonly probability: ArrayLike<number>;
  /** Index of the first step that is judged; those before teach the references alone. Default 0. */
  readonly judgedFrom?: number;
  /** The lead time, and how long an order has to serve until the next could. */
  readonly leadMs: number;
  readonly windowMs: number;
}

/** Steps ahead of a decision that its window touches, `first` to `last`: where lead time and step do not divide, one more. */
export function windowOf({ leadMs, windowMs, stepMs }: Pick<SurgeSeries, 'leadMs' | 'windowMs' | 'stepMs'>): {
  readonly first: number;
  readonly last: number;
} {
  const first = Math.floor(leadMs / stepMs + 1e-9);
  return { first, last: Math.max(first, Math.ceil((leadMs + windowMs) / stepMs - 1e-9) - 1) };
}
