import { beginEvidence, type Evidence, isProven, weighDay } from './evidence.ts';
import { beginSeen, type Seen, see, seenQuantile } from './seen.ts';

/**
 *   shadow ──days, peaks, no dearer──▶ canary ──days, peaks, no dearer──▶ full
 *      ▲                                 │ ▲                                │
 *      ├────────────── proven dearer ────┘ └───────── proven dearer ────────┤
 *      └──────────────────────────── trip ──────────────────────────────────┘
 */
export type Stage = 'shadow' | 'canary' | 'full';

/** A pool's way from watching to acting. Data: it goes into the checkpoint as it is. */
export interface RolloutState {
  readonly stage: Stage;
  /** When it moved there, epoch ms; null = it began there. */
  readonly since: number | null;
  /** Finished days of this stage, oldest first, at most four weeks. */
  readonly trial: readonly TrialDay[];
  readonly today: Today | null;
  readonly seen: Seen;
  readonly evidence: Evidence;
  /** The last steps, for the trip. */
  readonly recent: readonly Shortfall[];
}

interface TrialDay {
  readonly ours: number;
  readonly reference: number;
  /** Did demand rise above its .9 quantile? */
  readonly peak: boolean;
}

interface Today {
  readonly day: number;
  readonly ours: number;
  readonly reference: number;
  readonly highest: number;
  /** Milliseconds that are known. */
  readonly known: number;
}

/** One step: demand, and what of it was not served. Rates a second. */
interface Shortfall {
  readonly step: number;
  readonly demand: number;
  readonly ours: number;
  readonly reference: number;
}

/** What became of one closed step. */
export interface RolloutOutcome {
  /** Its start, epoch ms. */
  readonly step: number;
  readonly stepMs: number;
  /** Demand a second; undefined = nothing is known of it. */
  readonly rate: number | undefined;
  /** Units that were ready when it began: under this engine, and under a reactive policy. */
  readonly ours: number;
  readonly reference: number;
}

export interface RolloutOptions {
  readonly unitRate: number;
  readonly target: number;
  /** Of a unit for an hour: idle, and short. */
  readonly price: number;
  readonly shortPrice: number;
  readonly days: number;
  readonly canaryDays: number;
  readonly peaks: number;
  readonly falseDemotions: number;
  readonly trip: number;
  readonly tripWindow: number;
}

export interface RolloutChange {
  readonly code: 'ROLLOUT_PROMOTED' | 'ROLLOUT_DEMOTED';
  readonly text: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Days that a trial remembers. */
const TRIAL_DAYS = 28;
/** A day of which less is known is no day of a trial. */
const LEAST_KNOWN = DAY_MS / 2;

export function beginRollout(stage: Stage = 'shadow'): RolloutState {
  return { stage, since: null, trial: [], today: null, seen: beginSeen(), evidence: beginEvidence(), recent: [] };
}

/** Takes one closed step in, and moves where there is reason to. */
export function stepRollout(
  state: RolloutState,
  outcome: RolloutOutcome,
  options: RolloutOptions,
): { readonly state: RolloutState; readonly change?: RolloutChange } {
  const finished = finishDay(state, outcome, options);
  const now = takeIn(finished.state, outcome, options);
  if (finished.change) return { state: now, change: finished.change };
  const tripped = now.stage === 'shadow' ? undefined : overTrip(now, outcome, options);
  return tripped === undefined ? { state: now } : moved(now, outcome, 'shadow', 'ROLLOUT_DEMOTED', tripped);
}

function takeIn(state: RolloutState, { step, stepMs, rate, ours, reference }: RolloutOutcome, options: RolloutOptions): RolloutState {
  const day = Math.floor(step / DAY_MS);
  const today = state.today ?? { day, ours: 0, reference: 0, highest: 0, known: 0 };
  if (rate === undefined) return { ...state, today, recent: [] };
  const unserved = (ready: number): number => Math.max(0, rate - ready * options.unitRate);
  const recent = state.recent.filter((each) => each.step > step - options.tripWindow);
  return {
    ...state,
    seen: see(state.seen, rate),
    today: {
      day: today.day,
      ours: today.ours + cost(rate, ours, stepMs, options),
      reference: today.reference + cost(rate, reference, stepMs, options),
      highest: Math.max(today.highest, rate),
      known: today.known + stepMs,
    },
    recent: [...recent, { step, demand: rate, ours: unserved(ours), reference: unserved(reference) }],
  };
}

/** What a step's units cost beyond what demand needs, and what is short of that. */
function cost(rate: number, ready: number, stepMs: number, { unitRate, target, price, shortPrice }: RolloutOptions): number {
  const over = ready - rate / (unitRate * target);
  return ((over > 0 ? price * over : -shortPrice * over) * stepMs) / HOUR_MS;
}

/** Closes the day that is over, weighs it, and promotes or demotes. */
function finishDay(
  state: RolloutState,
  outcome: RolloutOutcome,
  options: RolloutOptions,
): { readonly state: RolloutState; readonly change?: RolloutChange } {
  const { today } = state;
  if (!today || today.day === Math.floor(outcome.step / DAY_MS)) return { state };
  if (today.known < LEAST_KNOWN) return { state: { ...state, today: null } };
  const peak = today.highest > seenQuantile(state.seen, 0.9);
  const trial = [...state.trial, { ours: today.ours, reference: today.reference, peak }].slice(-TRIAL_DAYS);
  const alpha = options.falseDemotions;
  const evidence = state.stage === 'shadow' ? state.evidence : weighDay(state.evidence, today.ours, today.reference, alpha);
  const now = { ...state, today: null, trial, evidence };
  const { text, peaks, dearer } = figures(trial);
  if (state.stage !== 'shadow' && isProven(evidence, alpha)) {
    const odds = `dearer than a reactive policy, with a chance of error of at most ${alpha} a month: ${text}`;
    return moved(now, outcome, state.stage === 'full' ? 'canary' : 'shadow', 'ROLLOUT_DEMOTED', odds);
  }
  const days = state.stage === 'shadow' ? options.days : options.canaryDays;
  const isDue = state.stage !== 'full' && trial.length >= days && peaks >= options.peaks && !dearer;
  return isDue ? moved(now, outcome, state.stage === 'shadow' ? 'canary' : 'full', 'ROLLOUT_PROMOTED', text) : { state: now };
}

function figures(trial: readonly TrialDay[]): { readonly text: string; readonly peaks: number; readonly dearer: boolean } {
  const ours = trial.reduce((sum, day) => sum + day.ours, 0);
  const reference = trial.reduce((sum, day) => sum + day.reference, 0);
  const peaks = trial.filter(({ peak }) => peak).length;
  const text = `cost ${ours.toFixed(1)} against ${reference.toFixed(1)} of a reactive policy in ${trial.length} days with ${peaks} peaks`;
  return { text, peaks, dearer: ours > reference };
}

/** Why it trips: more of the demand of the window was unserved than under the reactive policy. Only where all of the window is known. */
function overTrip({ recent }: RolloutState, { stepMs }: RolloutOutcome, { trip, tripWindow }: RolloutOptions): string | undefined {
  if (recent.length < Math.ceil(tripWindow / stepMs)) return undefined;
  const sum = (of: 'demand' | 'ours' | 'reference'): number => recent.reduce((total, each) => total + each[of], 0);
  const demand = sum('demand');
  const [ours, reference] = [sum('ours') / demand, sum('reference') / demand];
  if (!(ours - reference > trip)) return undefined;
  return `${percent(ours)} of the demand was unserved, ${percent(reference)} would have been under a reactive policy`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A stage begins with nothing on trial; what demand is like, and what a day costs, stays known. */
function moved(
  state: RolloutState,
  { step, stepMs }: RolloutOutcome,
  stage: Stage,
  code: RolloutChange['code'],
  why: string,
): { readonly state: RolloutState; readonly change: RolloutChange } {
  const evidence = { ...state.evidence, log: 0, days: 0 };
  return {
    state: { ...state, stage, since: step + stepMs, trial: [], today: null, evidence, recent: [] },
    change: { code, text: `${state.stage} -> ${stage}: ${why}` },
  };
}
