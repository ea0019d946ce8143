/** The horizons, in steps, that have a model of their own: fine near, coarse far, `maxSteps` last. */
export function horizonGrid(maxSteps: number): number[] {
  const grid: number[] = [];
  for (const h of [1, 2, 4, 8, 12, 16, 24, 32, 48, 64]) if (h < maxSteps) grid.push(h);
  grid.push(maxSteps);
  return grid;
}
