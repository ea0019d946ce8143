/** How unlike the expected one step was. */
export interface Anomaly {
  readonly group: string;
  readonly pop: string;
  readonly step: number;
  /** 0 = as expected, 1 = never seen. */
  readonly score: number;
  readonly cause: string;
}
