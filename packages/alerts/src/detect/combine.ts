/**
 * One surprise (-log10 of a tail probability) out of several: that of the harmonic mean of the probabilities, which holds however much they depend on each
 * other as long as it is small (Wilson 2019; the same, for small ones, as the Cauchy combination of Liu & Xie 2020). What one detector alone is sure of
 * survives it, less the logarithm of how many were asked.
 */
export function combine(surprises: readonly number[]): number {
  const most = Math.max(...surprises);
  let sum = 0;
  for (const each of surprises) sum += 10 ** (each - most);
  return Math.max(0, most + Math.log10(sum / surprises.length));
}
