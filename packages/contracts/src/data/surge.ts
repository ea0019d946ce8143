/** One thing that moved the score, for explanations. */
export interface Contribution {
  /** `deviation`, `event`, … */
  readonly of: string;
  /** What it added, in the unit of `Surge.score`. The contributions of one surge add up to `score`. */
  readonly amount: number;
  readonly text: string;
}

/** The assessment of one group at one POP for one step. */
export interface Surge {
  readonly group: string;
  readonly pop: string;
  /** Raw: (deviation + event impact) x sensitivity in the seed assessor. Unbounded. */
  readonly score: number;
  /** Probability of a surge, 0..1. */
  readonly probability: number;
  /** Probability that demand already exceeds what a reactive policy has ready before an order could help. Absent = not assessed. */
  readonly exposure?: number;
  /** Rate a second expected for the last closed step, and seen in it. */
  readonly expected: number;
  readonly actual: number;
  /** (actual - expected) / expected, with `expected` floored so that quiet groups do not explode. */
  readonly deviation: number;
  readonly eventImpact: number;
  readonly contributions: readonly Contribution[];
}

/**
 * How likely it is that the demand of a whole pool goes beyond what a reactive autoscaler would have ready, in the steps that an order of now
 * has to serve. What Auspex itself does changes nothing of it.
 */
export interface PoolSurge {
  readonly pool: string;
  /** Log-odds of what speaks for and against it: the sum of the contributions but `calibration`. */
  readonly score: number;
  /** What outcomes have taught beside the weights of the contributions, in log-odds: probability = 1 / (1 + exp(-(score + calibration))). */
  readonly calibration: number;
  /** Of more demand than `reference` at some time in [from, to), 0..1. */
  readonly probability: number;
  /**
   * Of more demand than a reactive policy has ready before an order of now could help, [now, from): the highest of its steps, by the forecast
   * alone. For alerts, not for orders. Absent in journals of versions before there was one.
   */
  readonly exposure?: number;
  /** Rate a second that a reactive policy would have ready then. */
  readonly reference: number;
  /** Epoch milliseconds: from now + lead time until an order of the next step could help. */
  readonly from: number;
  readonly to: number;
  /** In log-odds, `calibration` among them. */
  readonly contributions: readonly Contribution[];
}
