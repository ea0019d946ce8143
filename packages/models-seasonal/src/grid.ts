/**
 * The horizons, in steps, that have a model of their own: fine near, coarse far, `ahead` and `maxSteps` last. 23 is there because of 24: at
 * hourly steps yesterday's value and the last one are one there, and what that model says of them fits no horizon below it.
 *
 * @param ahead most steps that forecasts are asked for: beyond it one model, `maxSteps`, answers after a gap
 */
export function horizonGrid(maxSteps: number, ahead = maxSteps): number[] {
  const grid: number[] = [];
  const reach = Math.min(maxSteps, ahead);
  for (const h of [1, 2, 4, 8, 12, 16, 20, 23, 24, 32, 48, 64]) if (h < reach) grid.push(h);
  // Next to the last one a model says nearly the same, but for a day's end.
  if (reach < maxSteps && (grid.at(-1) ?? 0) >= 0.9 * reach) grid.pop();
  grid.push(reach);
  if (reach < maxSteps) grid.push(maxSteps);
  return grid;
}
