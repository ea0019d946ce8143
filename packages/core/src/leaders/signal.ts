/** Steps whose mean is heard: one alone is noise. */
const WINDOW = 3;
/** Events in that window that are added on both sides of the ratio: fewer say little, a Poisson count of so many is off by a fifth. */
const QUIET = 20;
/** A factor of 7 up or down: what lies beyond says no more. */
const MOST = 2;
/** After so long what was usual counts half. */
const HALF_LIFE_MS = 2 * 86_400_000;
/** Steps that are heard before anything is news, so that what is usual is known. */
const WARM = 60;
/** Spread before anything is known, and the least, log units. */
const [UNKNOWN_SPREAD, LEAST_SPREAD] = [0.2, 0.02];
/** Spreads at which half of a deviation counts, and what then is none, log units. */
const DOUBT = 2;
const SLIGHT = 0.05;

/** What is heard of one leader: how far it is from its habit. Data. */
export interface Signal {
  /** Rates a second of the last steps in a row of which anything is known, and what was expected of each; oldest first. */
  rates: number[];
  expected: number[];
  /** Where the log of their ratio usually lies, and how far it usually is from there: both go by medians, which bursts hardly move. */
  usual: number;
  spread: number;
  /** Steps heard. */
  seen: number;
  /** By step, newest last: log of the ratio above what is usual, and what of it is news. */
  deviations: number[];
  news: number[];
}

export function beginSignal(): Signal {
  return { rates: [], expected: [], usual: 0, spread: UNKNOWN_SPREAD, seen: 0, deviations: [], news: [] };
}

/** What was heard of a leader in one step. */
export interface Heard {
  /** A second. */
  readonly rate: number;
  readonly expected: number;
  /** Capacity hid some of it: it may be more. */
  readonly bound: boolean;
}

/**
 * Hears one closed step. What lies within the usual noise fades, since the pool would follow it as well:
 * x = d³ / (d² + (2s)²), d = deviation from the usual, s = its median size.
 *
 * @param heard undefined = nothing is known of the step: no news
 * @param keep steps that are remembered
 */
export function hear(signal: Signal, heard: Heard | undefined, stepMs: number, keep: number): void {
  const [deviation, news] = heard ? judge(signal, heard, stepMs) : silence(signal);
  signal.deviations = [...signal.deviations, deviation].slice(-keep);
  signal.news = [...signal.news, news].slice(-keep);
}

function silence(signal: Signal): [number, number] {
  signal.rates = [];
  signal.expected = [];
  return [0, 0];
}

function judge(signal: Signal, { rate, expected, bound }: Heard, stepMs: number): [number, number] {
  signal.rates = [...signal.rates, rate].slice(-WINDOW);
  signal.expected = [...signal.expected, expected].slice(-WINDOW);
  const floor = (1000 * QUIET) / (WINDOW * stepMs);
  const ratio = Math.log((mean(signal.rates) + floor) / (mean(signal.expected) + floor));
  const off = Math.min(MOST, Math.max(-MOST, ratio)) - signal.usual;
  if (bound && off < 0) return [0, 0];
  const news = signal.seen < WARM ? 0 : (off * off ** 2) / (off ** 2 + (DOUBT * signal.spread) ** 2);
  learn(signal, off, stepMs);
  return [off, Math.abs(news) < SLIGHT ? 0 : news];
}

/** Both medians by steps of a fixed size: towards what was seen, however far it was (Robbins & Monro 1951). */
function learn(signal: Signal, off: number, stepMs: number): void {
  signal.seen++;
  const gain = Math.max(1 / (signal.seen + 1), 1 - 0.5 ** (stepMs / HALF_LIFE_MS));
  const most = DOUBT * signal.spread;
  signal.usual += gain * Math.min(most, Math.max(-most, off));
  signal.spread = Math.max(LEAST_SPREAD, signal.spread * Math.exp(gain * (Math.abs(off) > signal.spread ? 1 : -1)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
