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
