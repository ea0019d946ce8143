import { breath } from './breath.ts';
import { auspexCandidates, type Candidate, hpaCandidates, labelOf, pricesOf, type SweepGrid } from './candidates.ts';
import { measureRuns, type SweepFigures, totalAt } from './figures.ts';
import { nonDominated } from './frontier.ts';
import type { RecordedDemand } from './recorded.ts';
import { simulate } from './simulate.ts';

/** One candidate, over the whole measured span and over its halves. */
export interface SweepPoint {
  readonly candidate: Candidate;
  readonly label: string;
  readonly whole: SweepFigures;
  /** What an operator would tune on, and what comes then. */
  readonly first: SweepFigures;
  readonly second: SweepFigures;
  /** No other candidate is cheaper and no more overloaded over the whole span. */
  readonly frontier: boolean;
}

/** A candidate at a price, over the second half: idle hours + price x short hours. */
export interface PricedPoint {
  readonly label: string;
  readonly total: number;
  readonly figures: SweepFigures;
}

/** What a price buys in the second half. */
export interface PriceComparison {
  readonly price: number;
  /** Planned for the latency goal, without a floor: what the price alone asks for. */
  readonly auspex: PricedPoint;
  /** The HPA that was cheapest at this price in the first half. */
  readonly tuned: PricedPoint;
  /** The HPA that was cheapest at this price in the second half itself, which nobody knows beforehand. */
  readonly hindsight: PricedPoint;
}

export interface Sweep {
  readonly points: readonly SweepPoint[];
  readonly prices: readonly PriceComparison[];
  /** Use up to which a unit meets its latency goal. */
  readonly goal: number;
  /** Where the second half begins, epoch ms. */
  readonly half: number;
  /** Assumptions, one sentence each. */
  readonly notes: readonly string[];
}

/** Tries every candidate of the grid on the recorded demand. */
export async function sweep(
  demand: RecordedDemand,
  grid: SweepGrid,
  goal: number,
  onProgress?: (done: number, of: number) => void,
): Promise<Sweep> {
  const { recording, pools } = demand;
  const { from, steps, stepMs } = recording;
  const half = Math.floor(steps / 2);
  const measure = measureRuns(demand, goal);
  const targets = pools.map(({ target }) => target);
  const candidates = [...auspexCandidates(grid, goal, targets), ...hpaCandidates(grid)];
  const measured: Omit<SweepPoint, 'frontier'>[] = [];
  for (const candidate of candidates) {
    await breath();
    onProgress?.(measured.length, candidates.length);
    const runs = simulate(candidate, demand);
    measured.push({
      candidate,
      label: labelOf(candidate),
      whole: measure(runs, 0, steps),
      first: measure(runs, 0, half),
      second: measure(runs, half, steps),
    });
  }
  const best = new Set(nonDominated(measured, ({ whole }) => whole));
  const points = measured.map((point) => ({ ...point, frontier: best.has(point) }));
  return {
    points,
    prices: pricesOf(grid).map((price) => comparisonAt(price, points, goal)),
    goal,
    half: from + half * stepMs,
    notes: notesOf(demand),
  };
}

function comparisonAt(price: number, points: readonly SweepPoint[], goal: number): PriceComparison {
  const own = points.find(
    ({ candidate: c }) => c.kind === 'auspex' && c.price === price && c.floor === 'none' && c.target === goal,
  ) as SweepPoint;
  const hpas = points.filter(({ candidate }) => candidate.kind === 'hpa');
  const priced = (point: SweepPoint): PricedPoint => ({ label: point.label, total: totalAt(price, point.second), figures: point.second });
  return {
    price,
    auspex: priced(own),
    tuned: priced(cheapest(hpas, ({ first }) => totalAt(price, first))),
    hindsight: priced(cheapest(hpas, ({ second }) => totalAt(price, second))),
  };
}

/** The first of the least. */
function cheapest(points: readonly SweepPoint[], cost: (point: SweepPoint) => number): SweepPoint {
  return points.reduce((best, point) => (cost(point) < cost(best) ? point : best));
}

function notesOf({ pools, input }: RecordedDemand): string[] {
  const notes = ['Candidates run on the demand and the forecasts that the replay recorded; no step of them is hidden by a fleet.'];
  const { guards = {}, freezes } = input.config;
  const slows = Object.keys(guards).length > 0 || (freezes?.length ?? 0) > 0;
  if (slows)
    notes.push('Guards and freezes of the config are left out of the sweep: they can only hold units longer, or bring them later.');
  if (pools.some(({ control }) => control === 'full'))
    notes.push(
      'What guards full control is left out of the sweep: it takes units away more slowly, which costs more than the candidates here.',
    );
  const { popLimits = {}, budget } = input.config;
  if (Object.keys(popLimits).length > 0 || budget)
    notes.push('What pools share is divided by the recorded forecasts, for HPAs of the sweep as well.');
  if (pools.length > 1) notes.push('All pools have the same candidate; tuned pool by pool, either kind would do better.');
  return notes;
}
