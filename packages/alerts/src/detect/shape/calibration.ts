/**
 * What the mean surprise of the views is worth: how rarely ordinary traffic reaches it, as -log10. Measured on made worlds of a minute's step (`bench -- incidents
 * --calm`); views see one value, so their mean is no probability by itself, and it has a heavier tail than one: records keep being broken.
 */
const POINTS: readonly (readonly [mean: number, surprise: number])[] = [
  [0, 0],
  [0.25, 1.7],
  [0.5, 2.5],
  [0.75, 3.2],
  [1, 3.55],
  [1.5, 3.8],
  [3, 4.1],
  [6, 4.6],
  [8, 5],
];

/** Rising: the order of the means is kept. */
export function calibrated(mean: number): number {
  const above = POINTS.findIndex(([at]) => at >= mean);
  const upper = above < 0 ? POINTS.length - 1 : Math.max(1, above);
  const [x0, y0] = POINTS[upper - 1] as (typeof POINTS)[number];
  const [x1, y1] = POINTS[upper] as (typeof POINTS)[number];
  return y0 + ((y1 - y0) * (mean - x0)) / (x1 - x0);
}
