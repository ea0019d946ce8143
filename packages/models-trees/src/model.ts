import type { Ensemble } from './boost/fit.ts';
import type { Scale } from './features.ts';

/** Levels that are fitted; those between are on a line over their normal scores. */
export const LEVELS = [0.1, 0.5, 0.75, 0.9, 0.95, 0.99] as const;

/** The trees of one series. */
export interface SeriesModel {
  readonly id: string;
  readonly stepMs: number;
  /** Furthest distance that was trained, steps. */
  readonly ahead: number;
  readonly scale: Scale;
  /** By level. */
  readonly quantiles: readonly Ensemble[];
}
