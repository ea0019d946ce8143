/**
 * Rows that a pass handles in one call; what goes from row to row is handed over. One call for all rows would be compiled only from within its loop, and each
 * further call would begin in the interpreter, which is slow and takes memory for every number.
 */
export const BLOCK = 256;

/** Working memory of the passes over one sequence of up to T steps. */
export interface Room {
  /** b_k(x_t) up to a factor for each row, [T x K]. */
  readonly emissions: Float64Array;
  /** Alpha up to a factor for each row, [T x K]; after the backward pass of a lattice gamma. */
  readonly alphas: Float64Array;
  /** The factor that row t of alpha was multiplied with, [T]. */
  readonly scales: Float64Array;
}

export function makeRoom(rows: number, states: number): Room {
  return { emissions: new Float64Array(rows * states), alphas: new Float64Array(rows * states), scales: new Float64Array(rows) };
}

/**
 * Works out row t again in logarithms, where it would have left the range of a double: fills its row of emissions, its alphas (summing to 1) and its
 * scale, and returns what its probability given the past adds to the log-likelihood.
 *
 * @param lag factor that makes row t - 1 of alpha sum to 1
 */
export type Rescue = (t: number, lag: number) => number;

/** The passes over emissions that are filled beforehand, each row up to a factor. */
export interface LatticeKernel {
  /** @returns the sum of the logs of the rows' probabilities */
  forward(rows: number, start: Float64Array, transition: Float64Array, room: Room, rescue: Rescue): number;
  /**
   * Makes gamma of alpha; adds gamma's first row to `first` [K] and the sum of xi to `moves` [K x K].
   */
  backward(rows: number, transition: Float64Array, room: Room, first: Float64Array, moves: Float64Array): void;
}

/** The same for one-dimensional normals, with densities and statistics inside the passes: no gamma is stored. */
export interface GaussianKernel {
  forward(
    values: Float64Array,
    rows: number,
    start: Float64Array,
    transition: Float64Array,
    means: Float64Array,
    variances: Float64Array,
    room: Room,
    rescue: Rescue,
  ): number;
  /** Adds visits, deviations from the mean and their squares to `statistics` [K x 3]. */
  backward(
    values: Float64Array,
    rows: number,
    transition: Float64Array,
    means: Float64Array,
    room: Room,
    first: Float64Array,
    moves: Float64Array,
    statistics: Float64Array,
  ): void;
}

export interface Kernels {
  readonly lattice: LatticeKernel;
  readonly gaussian: GaussianKernel;
}
