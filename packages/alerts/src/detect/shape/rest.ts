/** What is held back keeps an order, out of the way of any limit. */
const HELD = 0.01;

/** The last peak, as far as it is not forgotten. */
export interface Rest {
  peak: number;
}

/**
 * Holds back what is less new than the last peak, which fades: what was told is not told again, but what is worse is.
 *
 * @param steps since the last one that was scored
 * @param half steps in which half is forgotten
 */
export function hold(rest: Rest, surprise: number, steps: number, half: number): number {
  rest.peak *= 2 ** (-steps / half);
  if (surprise <= rest.peak) return surprise * HELD;
  rest.peak = surprise;
  return surprise;
}
