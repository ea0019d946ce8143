/**
 * The horizons, in steps, that have a model of their own: fine near, coarse far, `maxSteps` last. 23 is there because of 24: at hourly
 * steps yesterday's value and the last one are one there, and what that model says of them fits no horizon below it.
 */
export function horizonGrid(maxSteps: number): number[] {
  const grid: number[] = [];
  for (const h of [1, 2, 4, 8, 12, 16, 20, 23, 24, 32, 48, 64]) if (h < maxSteps) grid.push(h);
  grid.push(maxSteps);
  return grid;
}
