/**
 * Of an observation that is impossible in all states nothing is said of the path: its log densities, [states] from `at` on, are set to 0.
 *
 * @returns whether it is possible
 */
export function passOver(logs: Float64Array, at: number, states: number): boolean {
  for (let k = at; k < at + states; k++) if (logs[k] !== Number.NEGATIVE_INFINITY) return true;
  logs.fill(0, at, at + states);
  return false;
}
