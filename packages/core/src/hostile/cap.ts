import type { Hostility, Pool, Truth } from '@auspex/contracts';

const DAY_MS = 86_400_000;
/** Days whose peaks are remembered, and how many of them make a usual one. */
const DAYS = 14;
const FEWEST_DAYS = 3;
/** Longest that a surge is capped: by then somebody has looked, or the judgement was wrong. */
export const CAP_MS = 15 * 60_000;
/** Without a hostile step for this long the next one begins a cap anew. */
const CALM_MS = 3_600_000;

/** What is remembered of a pool's peaks, and of a cap. Times in epoch ms, rates a second. */
export interface CapState {
  /** Highest demand by day (UTC), newest last; the last one is of today. */
  readonly peaks: readonly { readonly day: number; readonly rate: number }[];
  /** When the present cap began; null = there is none. */
  readonly since: number | null;
  /** Last step that was judged hostile; null = none. */
  readonly hostile: number | null;
}

export const beginCap: CapState = Object.freeze({ peaks: Object.freeze([]), since: null, hostile: null });

/** A limit to rises, as the guard sees it. */
export interface CapView {
  /** Units of the usual peak. */
  readonly units: number;
  /** When it ends by itself, epoch ms. */
  readonly until: number;
  /** Chance of an attack, 0..1, and its reason. */
  readonly probability: number;
  readonly text: string;
}

/** Takes up a step: what was demanded counts to its day's peak, unless the surge looks more like an attack than not. */
export function learnPeak(state: CapState, step: number, rate: number, truth: Truth, hostility: Hostility | undefined): CapState {
  if (truth === 'missing' || truth === 'masked' || (hostility?.probability ?? 0) >= 0.5) return state;
  const day = Math.floor(step / DAY_MS);
  const last = state.peaks.at(-1);
  if (last?.day === day) return rate > last.rate ? { ...state, peaks: [...state.peaks.slice(0, -1), { day, rate }] } : state;
  return { ...state, peaks: [...state.peaks, { day, rate }].slice(-DAYS) };
}

/** The highest daily peak that is remembered, of whole days; undefined = too few are known to call one usual. */
export function usualPeak({ peaks }: CapState, at: number): number | undefined {
  const today = Math.floor(at / DAY_MS);
  const whole = peaks.filter(({ day }) => day < today);
  return whole.length < FEWEST_DAYS ? undefined : Math.max(...whole.map(({ rate }) => rate));
}

/**
 * Turns a judgement into a cap, where the config asks for one.
 * @param above chance of an attack from which on rises are capped
 */
export function capAt(
  state: CapState,
  pool: Pool,
  above: number,
  at: number,
  hostility: Hostility | undefined,
): { readonly state: CapState; readonly cap?: CapView } {
  const calm = state.hostile === null || at - state.hostile > CALM_MS;
  const present = calm ? { ...state, since: null } : state;
  const probability = hostility?.probability ?? 0;
  if (probability < above) return { state: present };
  const since = present.since ?? at;
  const next = { ...present, since, hostile: at };
  const rate = usualPeak(state, at);
  if (rate === undefined || at - since >= CAP_MS) return { state: next };
  const units = Math.ceil(rate / (pool.unitRate * pool.target));
  return { state: next, cap: { units, until: since + CAP_MS, probability, text: hostility?.text ?? '' } };
}
