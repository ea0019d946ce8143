/**
 * Forecasts that wait for their outcomes: each predictor's and the combined quantiles of the last `span` origins, in
 * one block of single precision. Slot = origin modulo span.
 */
export class Pending {
  /** Origins by slot, in steps since the epoch; -1 = empty. */
  readonly origins: Float64Array;
  readonly values: Float32Array;
  /** The last value that was known at each origin, by slot, whether or not anybody answered: the naive forecast. NaN = none. */
  readonly lasts: Float64Array;
  readonly lastOrigins: Float64Array;
  /** The corrected medians that were issued, [slot x row]. */
  readonly medians: Float64Array;
  readonly span: number;
  readonly members: number;
  readonly length: number;
  readonly rows: number;

  /**
   * @param span longest horizon in steps
   * @param members predictors; the combined forecast is one more
   * @param length horizon rows x levels
   * @param rows of the horizon
   */
  constructor(span: number, members: number, length: number, rows: number) {
    this.span = span;
    this.members = members;
    this.length = length;
    this.origins = new Float64Array(span).fill(-1);
    this.lasts = new Float64Array(span).fill(Number.NaN);
    this.lastOrigins = new Float64Array(span).fill(-1);
    this.medians = new Float64Array(span * rows);
    this.rows = rows;
    this.values = new Float32Array(span * (members + 1) * length);
  }

  /** Keeps the forecasts issued at `origin` (steps since the epoch). A member without one gets NaN. */
  issue(origin: number, answers: readonly ({ readonly quantiles: Float64Array } | undefined)[], combined: Float64Array): void {
    const slot = origin % this.span;
    this.origins[slot] = origin;
    const block = slot * (this.members + 1) * this.length;
    for (let k = 0; k < this.members; k++) {
      const answer = answers[k]?.quantiles;
      const at = block + k * this.length;
      if (answer) this.values.set(answer, at);
      else this.values[at] = Number.NaN;
    }
    this.values.set(combined, block + this.members * this.length);
  }

  /** Start of what was issued at `origin`, in `values`; -1 when nothing was. */
  block(origin: number): number {
    const slot = origin % this.span;
    return origin >= 0 && this.origins[slot] === origin ? slot * (this.members + 1) * this.length : -1;
  }

  /** Keeps the last value that was known at `origin`. */
  keepLast(origin: number, last: number | undefined): void {
    this.lastOrigins[origin % this.span] = origin;
    this.lasts[origin % this.span] = last ?? Number.NaN;
  }

  /** The last value that was known at `origin`; NaN when there was none. */
  lastAt(origin: number): number {
    const slot = origin % this.span;
    return origin >= 0 && this.lastOrigins[slot] === origin ? (this.lasts[slot] as number) : Number.NaN;
  }

  /** Keeps a corrected median that was issued at `origin`. */
  keepMedian(origin: number, row: number, median: number): void {
    this.medians[(origin % this.span) * this.rows + row] = median;
  }

  /** The corrected median of a row that was issued at `origin`, where `block` finds one. */
  medianAt(origin: number, row: number): number {
    return this.medians[(origin % this.span) * this.rows + row] as number;
  }
}
