import type { Contribution } from './surge.ts';

/** How unlike the expected one step was. */
export interface Anomaly {
  readonly group: string;
  readonly pop: string;
  readonly step: number;
  /** 0 = as expected, 1 = never seen. */
  readonly score: number;
  readonly cause: string;
  /** Of detectors that tell an attack from an audience, in steps that are a surge. */
  readonly hostility?: Hostility;
}

/** Is a surge an attack, or an audience? */
export interface Hostility {
  /** Of an attack, 0..1; absent = abstained: too little is known, and `text` says what. */
  readonly probability?: number;
  /** What speaks for and against it, in log-odds, the strongest first. */
  readonly contributions: readonly Contribution[];
  /** One line for people. */
  readonly text: string;
}
