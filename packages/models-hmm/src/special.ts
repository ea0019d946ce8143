/** Coefficients of Stirling's series of log gamma, in 1/x, 1/x^3, ... (Abramowitz & Stegun 1964, 6.1.41). */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
/** Above this the series is exact to the last digits. */
const FAR = 9;
const HALF_LOG_2_PI = 0.5 * Math.log(2 * Math.PI);

/** log Gamma(x), x > 0; relative error about 1e-15. */
export function logGamma(x: number): number {
  let product = 1;
  let z = x;
  for (; z < FAR; z++) product *= z;
  const square = 1 / (z * z);
  let series = 0;
  for (let i = STIRLING.length - 1; i >= 0; i--) series = series * square + (STIRLING[i] as number);
  return (z - 0.5) * Math.log(z) - z + HALF_LOG_2_PI + series / z - Math.log(product);
}

/** psi(x) = d log Gamma / dx, x > 0 (Abramowitz & Stegun 1964, 6.3.18). */
export function digamma(x: number): number {
  let below = 0;
  let z = x;
  for (; z < FAR; z++) below += 1 / z;
  const s = 1 / (z * z);
  const series = s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s * (1 / 132 - s * (691 / 32760 - s / 12))))));
  return Math.log(z) - 0.5 / z - series - below;
}

/** log of s (s + 1) ... (s + x - 1) = log Gamma(s + x) - log Gamma(s); of a great s without the digits that this difference would lose. */
export function logRising(s: number, x: number): number {
  if (s < 1e3) return logGamma(s + x) - logGamma(s);
  const end = s + x;
  return (end - 0.5) * Math.log1p(x / s) + x * (Math.log(s) - 1) - x / (12 * s * end) + (1 / s ** 3 - 1 / end ** 3) / 360;
}

const FACTORIALS = new Float64Array(1024);
for (let i = 2; i < FACTORIALS.length; i++) FACTORIALS[i] = logGamma(i + 1);

/** log x! of a whole number. */
export function logFactorial(x: number): number {
  return x < FACTORIALS.length ? (FACTORIALS[x] as number) : logGamma(x + 1);
}

/** Whether a value can be a count. */
export function isCount(x: number): boolean {
  return x >= 0 && Number.isInteger(x);
}
