/** The table spans +-REACH in steps of 1 / STEPS. */
export const REACH = 8;
export const STEPS = 128;
/**
 * Phi at i / STEPS - REACH. Linear interpolation is within 2e-6; differences times STEPS are its density, at no further cost.
 */
export const CDF: Float64Array = new Float64Array(2 * REACH * STEPS + 2);

/**
 * Phi(x) through the complementary error function, by the Chebyshev fit of Numerical Recipes' `erfcc`
 * (Press et al. 1992, section 6.2), relative error below 1.2e-7 everywhere.
 */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * z);
  let series = 0.17087277;
  for (const c of [-0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368])
    series = c + t * series;
  const tail = 0.5 * t * Math.exp(-z * z - 1.26551223 + t * series);
  return x >= 0 ? 1 - tail : tail;
}

for (let i = 0; i < CDF.length; i++) CDF[i] = normalCdf(i / STEPS - REACH);

/** z with Phi(z) = p, for p in (0, 1): Acklam's rational fit (2003), relative error below 1.2e-9. */
export function normalQuantile(p: number): number {
  if (p < 0.02425) return tail(Math.sqrt(-2 * Math.log(p)));
  if (p > 1 - 0.02425) return -tail(Math.sqrt(-2 * Math.log(1 - p)));
  const q = p - 0.5;
  const r = q * q;
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r - 30.66479806614716) * r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r - 13.28068155288572) * r + 1)
  );
}

function tail(q: number): number {
  return (
    (((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q + 4.374664141464968) * q +
      2.938163982698783) /
    ((((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1)
  );
}
