import { type Forecast, LEVELS, type Pool, type Usage } from '@auspex/contracts';
import { silentLogger } from '@auspex/core';
import { normalQuantile, pinball, type SeededRandom } from '@auspex/numerics';
import type { GroupState } from '../src/cycle/groups.ts';
import type { PoolState } from '../src/cycle/pools.ts';
import { beginConformal, correct, learnConformal } from '../src/forecasting/conformal.ts';
import { bandOf } from '../src/forecasting/ensemble.ts';
import { horizonGrid } from '../src/forecasting/grid.ts';
import { readForecast } from '../src/forecasting/read.ts';
import { Leaders } from '../src/leaders/leaders.ts';
import { beginLeaders, isUsed } from '../src/leaders/state.ts';
import { nameOf } from '../src/leaders/text.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
export const START = Date.UTC(2026, 0, 5);
const SCORES = LEVELS.map(normalQuantile);

/** Steps in which something bursts: random, a few a day, each half an hour to an hour. */
export function bursts(random: SeededRandom, steps: number, stepMs: number, aDay = 3): boolean[] {
  const on = new Array<boolean>(steps).fill(false);
  for (let i = 0; i < steps; i++) {
    if (random.next() >= (aDay * stepMs) / DAY) continue;
    const long = Math.round(((30 + 30 * random.next()) * MINUTE) / stepMs);
    on.fill(true, i, Math.min(steps, i + long));
  }
  return on;
}

/** A day of demand: least at night. */
const habit = (at: number): number => 1 - 0.5 * Math.cos((2 * Math.PI * (at % DAY)) / DAY);

export interface Played {
  readonly state: PoolState;
  readonly leaders: Leaders;
  /** Pinball loss at the lead time, with and without leaders, of the steps from `judged` on. */
  readonly loss: { with: number; without: number };
  /** By leader: steps at which it began and ceased to be used. */
  readonly told: { name: string; used: boolean; day: number }[];
  readonly notices: { code: string; text: string }[];
  readonly forecasts: Forecast[];
}

export interface LeadingWorld {
  readonly stepMs: number;
  readonly days: number;
  readonly leadMs: number;
  /** Rates a second of the other groups and of sign-ins, by step. */
  readonly groups: Readonly<Record<string, (i: number) => number>>;
  readonly signIns?: (i: number) => number;
  /** Demand of the pool relative to its habit, by step. */
  readonly demand: (i: number) => number;
  readonly judged?: number;
  /** Goes on from here. */
  readonly from?: { readonly state: PoolState; readonly step: number };
  readonly until?: number;
}

export function poolOf(leadMs: number, stepMs: number): PoolState {
  const horizon = horizonGrid(Math.ceil(leadMs / stepMs) + 2);
  const info = { id: 'pool:b', scope: 'pool', name: 'b', pop: '*', measure: 'requests', zone: 'UTC', stepMs } as const;
  return {
    pool: { id: 'b', leadTimeMs: leadMs } as Pool,
    total: { info, horizon, bands: horizon.map(bandOf), level: 100 },
    leaders: beginLeaders(),
    members: new Map(),
    actual: 0,
    truth: 'observed',
    signIns: 0,
  } as unknown as PoolState;
}

/**
 * Plays a pool whose forecast knows the habit, and that what is off now fades within half an hour, corrected by outcomes: what the engine
 * says that sees the pool alone. Its groups are known to be correlated from the second day on.
 */
export function play(world: LeadingWorld): Played {
  const { stepMs, days, leadMs, groups, signIns, demand, judged = 0, from, until } = world;
  const notices: { code: string; text: string }[] = [];
  const journal = { append: (record: { type: string }) => void notices.push(record as never) };
  // Expected of each group: the mean of what it does.
  const leaders = new Leaders({ profile: { expected: (_, at) => 100 * habit(at) }, journal, logger: silentLogger });
  const state = from?.state ?? poolOf(leadMs, stepMs);
  const { horizon } = state.total;
  const names = Object.keys(groups);
  const known = new Map(names.map((name) => [name, { correlated: [] }] as unknown as [string, GroupState]));
  known.set('b', { correlated: names.map((group) => ({ group, lagMs: 0, r: 0.5 })) } as unknown as GroupState);
  state.members.set('b', { level: 100 } as never);
  const steps = until ?? Math.round((days * DAY) / stepMs);
  const told: Played['told'] = [];
  const loss = { with: 0, without: 0 };
  const pending: { at: number; moved: Forecast; base: Forecast }[] = [];
  const forecasts: Forecast[] = [];
  const lead = Math.ceil(leadMs / stepMs) + 1;
  const used = new Set<string>();
  const conformal = beginConformal(horizon.length);
  const raw: Float64Array[] = [];
  const spreads = horizon.map((ahead) => SCORES.map((z) => Math.exp(z * 0.1 * Math.sqrt(1 + ahead / 4))));
  const fade = 0.5 ** (stepMs / (30 * MINUTE));
  for (let i = from?.step ?? 0; i < steps; i++) {
    const step = START + i * stepMs;
    const rate = 100 * habit(step) * demand(i);
    state.actual = rate;
    state.signIns = signIns ? Math.round((signIns(i) * stepMs) / 1000) : 0;
    const byGroup = new Map(
      names.map((name) => [name, [{ offered: ((groups[name] as (i: number) => number)(i) * stepMs) / 1000 } as Usage]]),
    );
    leaders.learn([state], { step, truth: 'observed', byGroup, hidden: new Set() });
    if ((i * stepMs) % DAY === 0) leaders.choose([state], known, step);
    for (const leader of state.leaders.leaders) {
      if (!leader || used.has(nameOf(leader.source)) === isUsed(leader)) continue;
      const name = nameOf(leader.source);
      told.push({ name, used: isUsed(leader), day: (i * stepMs) / DAY });
      if (isUsed(leader)) used.add(name);
      else used.delete(name);
    }
    for (const [row, ahead] of horizon.entries()) {
      const issued = raw[i - ahead - (from?.step ?? 0)];
      if (issued) learnConformal(conformal, row, issued, row * LEVELS.length, rate, 2);
    }
    const at = step + stepMs;
    const off = Math.log(demand(i));
    const quantiles = new Float64Array(horizon.length * LEVELS.length);
    for (const [row, ahead] of horizon.entries()) {
      const median = 100 * habit(at + (ahead - 1) * stepMs) * Math.exp(off * fade ** ahead);
      for (let k = 0; k < LEVELS.length; k++) quantiles[row * LEVELS.length + k] = median * (spreads[row]?.[k] as number);
    }
    raw.push(quantiles);
    const base: Forecast = { series: 'pool:b', origin: at, stepMs, horizon, quantiles: correct(conformal, quantiles, 2), by: 'said' };
    const moved = leaders.apply(state, base, false);
    forecasts.push(moved);
    pending.push({ at: i + lead, moved, base });
    while (pending[0] && pending[0].at <= i) {
      const { moved, base } = pending.shift() as (typeof pending)[number];
      if (i < judged) continue;
      const without = lossAt(base, lead, rate);
      loss.without += without;
      loss.with += moved === base ? without : lossAt(moved, lead, rate);
    }
  }
  return { state, leaders, loss, told, notices, forecasts };
}

function lossAt(forecast: Forecast, ahead: number, rate: number): number {
  return LEVELS.reduce((sum, level) => sum + pinball(rate, readForecast(forecast, ahead, level), level), 0);
}

/** Noise that goes on for a while, as demand has it: an autoregression, log units. */
export function noise(random: SeededRandom, steps: number, sd = 0.08, keep = 0.9): number[] {
  let now = 0;
  return Array.from({ length: steps }, () => {
    now = keep * now + Math.sqrt(1 - keep ** 2) * sd * random.normal();
    return now;
  });
}

/** The usual rate of a group at step i. */
export function usual(i: number, stepMs: number): number {
  return 100 * habit(START + i * stepMs);
}
