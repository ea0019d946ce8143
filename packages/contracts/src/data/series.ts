import type { Measure, Truth } from './usage.ts';

/** What a predictor forecasts: one group at one POP, or the total of one pool. */
export interface SeriesInfo {
  /** Unique and stable: `group@POP/measure` or `pool:ID`. */
  readonly id: string;
  readonly scope: 'group' | 'pool';
  /** The group, or the pool's id for a total. */
  readonly name: string;
  readonly pop: string;
  readonly measure: Measure;
  /** IANA zone or fixed offset (`+05:30`) whose days and weeks the series follows. */
  readonly zone: string;
  /** Length of a step, milliseconds. Divides an hour. */
  readonly stepMs: number;
  /** Most steps ahead that its forecasts are asked for: what a predictor need not look beyond. Absent = not known. */
  readonly ahead?: number;
}

/** One closed step of one series. */
export interface Observation {
  /** Start of the step, epoch milliseconds. */
  readonly step: number;
  /** Rate a second over the step. A lower bound when censored; not a number to use when masked or missing (0). */
  readonly value: number;
  readonly truth: Truth;
}
