/** Steps at the end of the grid that are all there: what an order placed now has to serve. */
const WINDOW = 3;

/** Steps ahead to forecast: every step near, coarser far, each of the last three up to and including `last`. */
export function horizonGrid(last: number): number[] {
  const grid: number[] = [];
  const end = Math.max(1, Math.ceil(last));
  for (const h of [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]) {
    if (h <= end - WINDOW) grid.push(h);
  }
  for (let h = Math.max(1, end - WINDOW + 1); h <= end; h++) grid.push(h);
  return grid;
}
