import {
  type Contribution,
  deepFreeze,
  type Forecast,
  LEVELS,
  type Pool,
  type PoolSurge,
  type SeriesInfo,
  type Truth,
} from '@auspex/contracts';
import { chanceAhead, zone } from '@auspex/numerics';
import { readForecast } from '../forecasting/read.ts';
import { reactiveReady, stepReactive } from '../rollout/reactive-shadow.ts';
import { habitOf, hourOfWeek, learnHabit } from './habit.ts';
import { INPUTS, PRIORS } from './inputs.ts';
import { amounts, learnLogistic, logit, sigmoid } from './logistic.ts';
import type { SurgeState, Waiting } from './state.ts';

/** A chance is never taken as certain: one in so many. */
const SURE = 1e-4;
/** Most that a step counts as off, in spreads, and the share of the newest in their mean: two or three steps tell. */
const MOST_OFF = 6;
const NEWEST = 0.6;
/** Rates that are none are told from each other by this. */
const SMALLEST = 1e-9;

/**
 * Learns from a closed step: what the forecast was off by, and whether the surges that were feared for it came.
 *
 * @param rate of the step, a second; a lower bound where censored
 */
export function learnSurge(state: SurgeState, step: number, rate: number, truth: Truth, pool: Pool, info: SeriesInfo): void {
  const known = truth === 'observed' || truth === 'censored';
  state.shadow = stepReactive(state.shadow, step + info.stepMs, known ? rate : undefined, pool);
  if (known) {
    const { next } = state;
    if (next?.step === step) {
      const off = (rate - next.median) / Math.max(next.high - next.median, 0.01 * next.median, SMALLEST);
      state.deviation = (1 - NEWEST) * state.deviation + NEWEST * Math.min(MOST_OFF, Math.max(-MOST_OFF, off));
    }
    const kept = Math.max(1, Math.round(pool.leadTimeMs / info.stepMs)) + 1;
    state.rates = [...state.rates, rate].slice(-kept);
  }
  const due: Waiting[] = [];
  for (const waiting of state.waiting) {
    if (step < waiting.from) continue;
    if (known && rate > waiting.reference) waiting.surged = true;
    // A bound below the reference says nothing; nor does what was not seen.
    else if (truth !== 'observed') waiting.unknown = true;
    if (step >= waiting.to) due.push(waiting);
  }
  state.waiting = state.waiting.filter(({ to }) => to > step);
  for (const { surged, unknown, inputs, to } of due) {
    if (unknown && !surged) continue;
    const outcome = surged ? 1 : 0;
    learnLogistic(state.logistic, inputs, outcome, PRIORS);
    learnHabit(state.habit, hourOfWeek(zone(info.zone).toLocal(to)), outcome);
  }
}

/** What is said of a pool: each forecast with one thing more than the one before it, and the same where that adds nothing. */
export interface Said {
  /** Without planned events and leaders. */
  readonly base: Forecast;
  /** With planned events; then with the groups that lead the pool; then with those who sign in. */
  readonly planned: Forecast;
  readonly groups: Forecast;
  readonly all: Forecast;
  /** What leaders do, in words; absent where they do nothing. */
  readonly texts?: { readonly groups: string; readonly signIns: string };
  /** A predictor that tells regimes apart: its quantiles alone, without planned events, [horizon x levels]; absent = it said nothing. */
  readonly regime?: { readonly by: string; readonly quantiles: ArrayLike<number> } | undefined;
}

/**
 * How likely it is that demand goes beyond what a reactive policy would have ready, in the steps that an order of now has to serve: from
 * now + lead time until the next order could. Log-odds of what speaks for it add up; what outcomes have taught is in their weights, and in
 * `calibration`.
 *
 * @param at the decision's step, epoch ms: the first that is not known
 */
export function assessSurge(state: SurgeState, said: Said, at: number, pool: Pool, info: SeriesInfo): PoolSurge | undefined {
  const { stepMs } = info;
  const { base, planned, groups, all, regime } = said;
  const origin = (at - all.origin) / stepMs + 1;
  state.next = { step: at, median: readForecast(all, origin, 0.5), high: readForecast(all, origin, 0.9) };
  if (!state.shadow) return undefined;
  const lead = pool.leadTimeMs / stepMs;
  const first = Math.floor(lead);
  const last = Number.isInteger(lead) ? first : first + 1;
  const [from, to] = [at + first * stepMs, at + last * stepMs];
  const reference = reactiveReady(state.shadow, at + pool.leadTimeMs) * pool.unitRate * pool.target;
  const chanceBy = ({ horizon, quantiles }: Pick<Forecast, 'horizon'> & { readonly quantiles: ArrayLike<number> }): number =>
    clamp(Math.max(...[first, last].map((k) => chanceAhead(LEVELS, horizon, quantiles, origin + k, reference))));
  const { shadow } = state;
  const readyAt = (k: number): number => reactiveReady(shadow, at + k * stepMs) * pool.unitRate * pool.target;
  const before = Array.from({ length: Math.ceil(lead) }, (_, k) => chanceAhead(LEVELS, all.horizon, all.quantiles, origin + k, readyAt(k)));
  const plain = chanceBy(base);
  const withEvents = planned === base ? plain : chanceBy(planned);
  const withGroups = groups === planned ? withEvents : chanceBy(groups);
  const withSignIns = all === groups ? withGroups : chanceBy(all);
  const byRegime = regime ? chanceBy({ horizon: base.horizon, quantiles: regime.quantiles }) : plain;
  const rate = state.rates.at(-1) as number;
  const hour = hourOfWeek(zone(info.zone).toLocal(to));
  const habit = habitOf(state.habit, hour);
  const inputs = [
    1,
    logit(plain),
    ratio(rate, reference),
    ratio(rate, state.rates[0] as number),
    logit(clamp(habit.here)) - logit(clamp(habit.base)),
    state.deviation,
    logit(withEvents) - logit(plain),
    logit(withGroups) - logit(withEvents),
    logit(withSignIns) - logit(withGroups),
    logit(byRegime) - logit(plain),
  ];
  state.waiting.push({ from, to, reference, inputs, surged: false, unknown: false });
  const parts = amounts(state.logistic, inputs);
  const score = parts.slice(1).reduce((sum, part) => sum + part, 0);
  const calibration = parts[0] as number;
  const texts = [
    `outcomes move it by ${signed(calibration)}`,
    `by the forecast ${percent(plain)} for more than ${reference.toPrecision(3)}/s`,
    `${percent(rate / Math.max(reference, SMALLEST))} of it is used now`,
    `demand is ${signed(inputs[3] as number)} (log) to a lead time ago`,
    `at this hour of the week ${percent(habit.here)} were surges, ${percent(habit.base)} over all`,
    `the last steps were ${signed(state.deviation)} spreads off`,
    planned === base ? 'nothing is planned' : `with what is planned ${percent(withEvents)}`,
    groups === planned ? 'no group leads it now' : `${said.texts?.groups}; ${percent(withGroups)} with that`,
    all === groups ? 'no sign-ins lead it now' : `${said.texts?.signIns}; ${percent(withSignIns)} with that`,
    regime ? `${percent(byRegime)} by ${regime.by} alone, which tells regimes apart` : 'nobody tells regimes apart',
  ];
  const contributions: Contribution[] = INPUTS.map((of, i) => ({ of, amount: parts[i] as number, text: texts[i] as string }));
  const probability = sigmoid(score + calibration);
  const exposure = Math.max(0, ...before);
  return deepFreeze({ pool: pool.id, score, calibration, probability, exposure, reference, from, to: to + stepMs, contributions });
}

function clamp(chance: number): number {
  return Math.min(1 - SURE, Math.max(SURE, chance));
}

/** Log of a ratio, inside a factor of e². */
function ratio(a: number, b: number): number {
  return Math.min(2, Math.max(-2, Math.log((a + SMALLEST) / (b + SMALLEST))));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : '-'}${Math.abs(value).toFixed(2)}`;
}
