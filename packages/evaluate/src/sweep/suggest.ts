import { formatDuration, type Pool } from '@auspex/contracts';
import { figure } from '../metrics/catalogue.ts';
import { LEAST_EPISODES } from '../surge/assess.ts';
import { surgeEpisodes } from '../surge/episodes.ts';
import { reactiveReference } from '../surge/reference.ts';
import type { AuspexCandidate, HpaCandidate } from './candidates.ts';
import type { RecordedDemand } from './recorded.ts';
import { snippetOf } from './snippet.ts';
import type { Sweep, SweepPoint } from './sweep.ts';

const DAY_MS = 86_400_000;
/** What must be known before the held-out half begins: two of each day of the week. */
const LEAST_LEARNT_MS = 14 * DAY_MS;
/** Share of the held-out steps without a forecast of its own from which on a pool's forecasts count as gated. */
const GATED = 0.5;

/** What a candidate did in the half it was chosen on, and in the one after. */
export interface Chosen {
  readonly label: string;
  readonly tuned: SweepPoint['first'];
  readonly heldOut: SweepPoint['second'];
}

/** A config that keeps to a goal, or why there is none to suggest. All of it was chosen on the first half and judged on the second. */
export type Suggestion = {
  /** Most requests in overloaded steps, %. */
  readonly goal: number;
  /** What a reader has to know beside it. */
  readonly remarks: readonly string[];
  /** The HPA that was chosen in the same way; undefined = none kept to the goal in the first half. */
  readonly hpa: (Chosen & { readonly candidate: HpaCandidate; readonly meets: boolean }) | undefined;
} & (
  | { readonly verdict: 'suggested'; readonly auspex: Chosen & { readonly candidate: AuspexCandidate }; readonly snippet: string }
  | { readonly verdict: 'hpa'; readonly auspex: (Chosen & { readonly candidate: AuspexCandidate }) | undefined; readonly why: string }
  | { readonly verdict: 'not-yet'; readonly reasons: readonly string[] }
);

/**
 * The cheapest config of the sweep that keeps overload to `goal` %: chosen on the first half of the measured span, and suggested only if it
 * also keeps to it in the second, and there costs no more than an HPA that was chosen in the same way.
 */
export function suggest(swept: Sweep, demand: RecordedDemand, goal = 0.5): Suggestion {
  const own = choose(swept.points, 'auspex', goal);
  const other = choose(swept.points, 'hpa', goal);
  const hpa = other && { ...chosen(other), candidate: other.candidate as HpaCandidate, meets: other.second.overload <= goal };
  const base = { goal, remarks: remarksOf(demand), hpa };
  const obstacles = [...historyObstacle(demand, swept), ...gateObstacles(demand, swept)];
  if (obstacles.length > 0) return { ...base, verdict: 'not-yet', reasons: obstacles };
  const auspex = own && { ...chosen(own), candidate: own.candidate as AuspexCandidate };
  const meets = own !== undefined && own.second.overload <= goal;
  if (hpa?.meets && !meets)
    return { ...base, verdict: 'hpa', auspex, why: `no candidate of Auspex kept to the goal, and ${hpa.label} did` };
  if (!auspex || !meets) return { ...base, verdict: 'not-yet', reasons: [noneMeets(swept.points, own, goal)] };
  if (hpa?.meets && hpa.heldOut.cost < auspex.heldOut.cost) {
    const [costs, against] = [hpa.heldOut.cost, auspex.heldOut.cost].map(money) as [string, string];
    return { ...base, verdict: 'hpa', auspex, why: `${hpa.label} kept to the goal too, and costs less: ${costs} against ${against}` };
  }
  return { ...base, verdict: 'suggested', auspex, snippet: snippetOf(auspex.candidate, demand.pools) };
}

/** The cheapest of a kind in the first half that keeps to the goal there; of equals the one with less overload. */
function choose(points: readonly SweepPoint[], kind: 'auspex' | 'hpa', goal: number): SweepPoint | undefined {
  return points
    .filter(({ candidate, first }) => candidate.kind === kind && first.overload <= goal)
    .sort((a, b) => a.first.cost - b.first.cost || a.first.overload - b.first.overload)[0];
}

function chosen({ label, first, second }: SweepPoint): Chosen {
  return { label, tuned: first, heldOut: second };
}

function historyObstacle({ recording }: RecordedDemand, { half }: Sweep): string[] {
  const learnt = recording.historySteps * recording.stepMs + half - recording.from;
  if (learnt >= LEAST_LEARNT_MS) return [];
  const known = formatDuration(Math.floor(learnt / recording.stepMs) * recording.stepMs);
  return [`too little history: ${known} were known before the half that is held out, and two weeks are the least`];
}

/** Pools whose forecasts were a fallback in most of the held-out half: their units would not be Auspex's doing. */
function gateObstacles({ recording, forecasts }: RecordedDemand, { half }: Sweep): string[] {
  const begin = Math.round((half - recording.from) / recording.stepMs);
  return recording.pools.flatMap(({ pool }: { readonly pool: Pool }, p) => {
    const own = (forecasts[p] ?? []).slice(begin, recording.steps);
    const fallbacks = own.filter((forecast) => !forecast || forecast.fallback !== undefined);
    const share = own.length > 0 ? fallbacks.length / own.length : 1;
    if (share <= GATED) return [];
    const why = fallbacks.at(-1)?.fallback;
    const percent = figure(100 * share, 0);
    return [`forecasts of ${pool.id} are gated: a fallback stood in for ${percent} % of the held-out steps${why ? ` (${why})` : ''}`];
  });
}

function noneMeets(points: readonly SweepPoint[], own: SweepPoint | undefined, goal: number): string {
  if (own) {
    const both = points
      .filter(({ candidate, first, second }) => candidate.kind === 'auspex' && Math.max(first.overload, second.overload) <= goal)
      .sort((a, b) => a.second.cost - b.second.cost)[0];
    const later = both ? `; with hindsight ${both.label} kept to it in both, at a cost of ${money(both.second.cost)}` : '';
    return `no candidate meets the goal: ${own.label} kept to ${share(goal)} in the first half (${share(own.first.overload)}) and had ${share(own.second.overload)} in the second${later}`;
  }
  const nearest = points
    .filter(({ candidate, first }) => candidate.kind === 'auspex' && Number.isFinite(first.overload))
    .sort((a, b) => a.first.overload - b.first.overload)[0];
  const near = nearest ? `; the nearest is ${nearest.label} with ${share(nearest.first.overload)}` : '';
  return `no candidate meets the goal of ${share(goal)} in the first half${near}`;
}

function remarksOf({ recording, pools }: RecordedDemand): string[] {
  const { from, stepMs, steps } = recording;
  const episodes = pools.reduce((sum, pool, p) => {
    const recorded = recording.pools[p];
    if (!recorded) return sum;
    const demand = recorded.rate.slice(0, steps);
    const reference = reactiveReference(demand, pool, { from, stepMs, use: pool.target });
    const unknown = new Float64Array(steps);
    const series = {
      pool: pool.id,
      at: unknown,
      stepMs,
      demand,
      reference,
      probability: unknown,
      leadMs: pool.leadTimeMs,
      windowMs: stepMs,
    };
    return sum + surgeEpisodes(series).length;
  }, 0);
  const few = episodes < LEAST_EPISODES ? `, fewer than the ${LEAST_EPISODES} from which surge probabilities can be judged` : '';
  return [
    `The measured span has ${figure(episodes, 0)} surge episode${episodes === 1 ? '' : 's'}${few}.`,
    'Chosen on the first half of the measured span, judged on the second.',
  ];
}

function share(percent: number): string {
  return `${figure(percent, 2)} %`;
}

function money(cost: number): string {
  return figure(cost, cost >= 1000 ? 0 : 1);
}
