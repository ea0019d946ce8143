import type { Decision, Forecast, Logger, SamplePaths, Truth, Usage } from '@auspex/contracts';
import { positionIn, zone } from '@auspex/numerics';
import type { GroupState } from '../cycle/groups.ts';
import type { PoolState } from '../cycle/pools.ts';
import type { Journal } from '../journal.ts';
import type { ProfileStage } from '../stages/profile.ts';
import type { Said } from '../surge/assess.ts';
import { hourOfWeek } from '../surge/habit.ts';
import { amount } from '../usage/merge.ts';
import { pathsWithShifts, withShifts } from './apply.ts';
import { delaysOf, INPUTS, INPUTS_OF_ONE, partsOf, type RowBelief, SLOTS } from './belief.ts';
import { chooseLeaders, SIGN_INS } from './choose.ts';
import { learnOutcomes, shiftOf } from './learn.ts';
import { beginSignInHabit, expectedSignIns, learnSignIns } from './sign-ins.ts';
import { type Heard, hear } from './signal.ts';
import { isUsed, type Leader, type LeadersState, place, reach } from './state.ts';
import { leadText, nameOf, toldText } from './text.ts';

/** A shift that is none, log units. */
const SLIGHT = 0.005;

/** What the last closed step was. */
export interface HeardStep {
  readonly step: number;
  /** What is known of it as a whole. */
  readonly truth: Truth;
  readonly byGroup: ReadonlyMap<string, readonly Usage[]>;
  /** Groups of which capacity hid some. */
  readonly hidden: ReadonlySet<string>;
}

type Told = NonNullable<Decision['demand']['leaders']>;

interface Applied {
  readonly base: Forecast;
  readonly shifts: readonly number[];
  readonly groups: Forecast;
  readonly told: Told;
  readonly texts: NonNullable<Said['texts']>;
}

interface Parts {
  readonly profile: Pick<ProfileStage, 'expected'>;
  readonly journal: Pick<Journal, 'append'>;
  readonly logger: Pick<Logger, 'info'>;
}

/**
 * Who leads a pool: other groups, and those who sign in. What leads is learnt from outcomes, and used where it has made forecasts better that
 * were made before. Stands after the events: predictors, weights, corrections and the gate never see it. Where nobody leads, a forecast
 * passes as it is.
 */
export class Leaders {
  readonly #parts: Parts;
  readonly #applied = new WeakMap<Forecast, Applied>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Learns a closed step: what came of what leaders said, and what they say now. */
  learn(pools: readonly PoolState[], heard: HeardStep): void {
    for (const state of pools) {
      learnOutcomes(state.leaders, state.total, heard.step, state.truth === 'observed' ? state.actual : undefined);
      this.#hear(state, heard);
    }
  }

  #hear(state: PoolState, heard: HeardStep): void {
    const { leaders, total, pool, signIns } = state;
    if (signIns === 0 && !leaders.habit && leaders.leaders.every((leader) => leader === undefined)) return;
    const { stepMs } = total.info;
    const keep = (delaysOf(pool.leadTimeMs, stepMs).at(-1) as number) + 1;
    if (signIns > 0 && !leaders.habit) leaders.habit = beginSignInHabit();
    for (const leader of leaders.leaders) {
      if (leader?.source.kind === 'group') hear(leader.signal, this.#heardOf(leader.source.group, stepMs, heard), stepMs, keep);
    }
    if (!leaders.habit) return;
    const known = heard.truth === 'observed' || heard.truth === 'censored';
    const hour = hourOfWeek(zone(total.info.zone).toLocal(heard.step));
    const rate = signIns / (stepMs / 1000);
    const expected = expectedSignIns(leaders.habit, hour);
    const signal = leaders.leaders[SIGN_INS]?.signal;
    if (signal) hear(signal, known && expected !== undefined ? { rate, expected, bound: false } : undefined, stepMs, keep);
    if (known) learnSignIns(leaders.habit, hour, rate, stepMs);
  }

  #heardOf(group: string, stepMs: number, { step, truth, byGroup, hidden }: HeardStep): Heard | undefined {
    if (truth === 'missing' || truth === 'masked') return undefined;
    const expected = this.#parts.profile.expected(group, step);
    if (expected === undefined) return undefined;
    const usage = byGroup.get(group) ?? [];
    const rate = usage.reduce((sum, each) => sum + amount(each, 'requests'), 0) / (stepMs / 1000);
    return { rate, expected, bound: truth === 'censored' || hidden.has(group) };
  }

  /** Chooses who may lead each pool; once a day, when groups were related. */
  choose(pools: readonly PoolState[], groups: ReadonlyMap<string, GroupState>, at: number): void {
    for (const { leaders, members } of pools) {
      const known = [...members].map(([group, { level }]) => ({ group, level, correlated: groups.get(group)?.correlated ?? [] }));
      chooseLeaders(leaders, known, (group) => groups.has(group), at);
    }
  }

  /**
   * The pool's forecast as its leaders move it; the very same where they do not.
   *
   * @param again what is told was told in an earlier life
   */
  apply(state: PoolState, forecast: Forecast, again: boolean): Forecast {
    this.#tell(state, forecast.origin, again);
    const { leaders, total, pool } = state;
    if (forecast.fallback !== undefined) return forecast;
    const inputs = inputsOf(leaders, delaysOf(pool.leadTimeMs, forecast.stepMs));
    if (!inputs) return forecast;
    reach(leaders, total.horizon);
    const rows = total.horizon.length;
    const parts = new Float32Array(rows * SLOTS);
    for (let row = 0; row < rows; row++) partsOf(leaders.rows[row] as RowBelief, inputs, forecast.origin, parts, row * SLOTS);
    leaders.waiting.push({ origin: forecast.origin, inputs, parts, quantiles: Float32Array.from(forecast.quantiles) });
    const shifts = (only: (slot: number) => boolean): number[] => total.bands.map((band, row) => shiftOf(leaders, parts, row, band, only));
    const whole = shifts(() => true);
    const moved = withShifts(forecast, whole);
    if (moved === forecast) return forecast;
    const told = toldOf(state, forecast, parts, whole);
    const textOf = (of: (slot: number) => boolean): string =>
      told.flatMap(({ slot, entry }) => (of(slot) ? [entry.text] : [])).join('; ') || NOTHING;
    const ofGroups = shifts((slot) => slot !== SIGN_INS);
    this.#applied.set(moved, {
      base: forecast,
      shifts: whole,
      groups: ofGroups.every((shift, row) => shift === whole[row]) ? moved : withShifts(forecast, ofGroups),
      told: told.map(({ entry }) => entry),
      texts: { groups: textOf((slot) => slot !== SIGN_INS), signIns: textOf((slot) => slot === SIGN_INS) },
    });
    return moved;
  }

  /** What is said of a pool, one thing after the other, where `forecast` is all of it. `base` = without planned events and leaders. */
  said(forecast: Forecast, base: Forecast): Said {
    const applied = this.#applied.get(forecast);
    if (!applied) return { base, planned: forecast, groups: forecast, all: forecast };
    return { base, planned: applied.base, groups: applied.groups, all: forecast, texts: applied.texts };
  }

  /** Who moves a forecast, and by what factor at the lead time; undefined = nobody. */
  told(forecast: Forecast): Told | undefined {
    const told = this.#applied.get(forecast)?.told;
    return told === undefined || told.length === 0 ? undefined : told;
  }

  /** Sample paths of a forecast that `apply` made. */
  paths(forecast: Forecast, draw: (base: Forecast) => SamplePaths): SamplePaths {
    const applied = this.#applied.get(forecast);
    return applied ? pathsWithShifts(draw(applied.base), applied.shifts) : draw(forecast);
  }

  #tell({ leaders, pool }: PoolState, at: number, again: boolean): void {
    if (leaders.untold.length === 0) return;
    for (const untold of again ? [] : leaders.untold) {
      const text = toldText(pool.id, untold);
      this.#parts.journal.append({ type: 'notice', step: at, code: untold.used ? 'LEADER_USED' : 'LEADER_DROPPED', text });
      this.#parts.logger.info({ pool: pool.id, leader: nameOf(untold.source) }, text);
    }
    leaders.untold = [];
  }

  /** Drops a group, and its name. Returns the pools that it led, or might have led. */
  forget(pools: readonly PoolState[], group: string): number {
    let led = 0;
    for (const { leaders } of pools) {
      const slot = leaders.leaders.findIndex((leader) => leader?.source.kind === 'group' && leader.source.group === group);
      leaders.untold = leaders.untold.filter(({ source }) => source.kind !== 'group' || source.group !== group);
      if (slot < 0) continue;
      place(leaders, slot, undefined, 0);
      led++;
    }
    return led;
  }
}

const NOTHING = 'nobody leads it now';

/** What there is of news, [leader x delay]; undefined = none. */
function inputsOf({ leaders }: LeadersState, delays: readonly number[]): Float64Array | undefined {
  let inputs: Float64Array | undefined;
  for (const [slot, leader] of leaders.entries()) {
    if (!leader) continue;
    for (const [i, delay] of delays.entries()) {
      const news = leader.signal.news.at(-1 - delay) ?? 0;
      if (news === 0) continue;
      inputs ??= new Float64Array(INPUTS);
      inputs[slot * INPUTS_OF_ONE + i] = news;
    }
  }
  return inputs;
}

/** The leaders in use that say something of the lead time, the strongest first: each with its share of what the pool is moved by. */
function toldOf(
  { leaders, total, pool }: PoolState,
  { stepMs }: Forecast,
  parts: Float32Array,
  whole: readonly number[],
): { slot: number; entry: Told[number] }[] {
  const row = positionIn(total.horizon, pool.leadTimeMs / stepMs + 1);
  const own = (index: number, slot: number): number =>
    leaders.leaders[slot]?.proofs[total.bands[index] as number]?.used ? (parts[index * SLOTS + slot] as number) : 0;
  const at = (index: number, slot: number): number => {
    const sum = leaders.leaders.reduce((all, _, each) => all + own(index, each), 0);
    return sum === 0 ? 0 : (own(index, slot) * (whole[index] as number)) / sum;
  };
  const found = leaders.leaders.flatMap((leader, slot) => {
    if (!leader || !isUsed(leader)) return [];
    const [low, high] = [Math.floor(row), Math.ceil(row)];
    const shift = at(low, slot) + (row - low) * (at(high, slot) - at(low, slot));
    if (Math.abs(shift) < SLIGHT) return [];
    const { deviation, ago } = strongest(leader, delaysOf(pool.leadTimeMs, stepMs));
    const text = leadText(leader.source, deviation, ago * stepMs, shift, pool.leadTimeMs);
    return [{ slot, entry: { of: nameOf(leader.source), factor: Math.exp(shift), text } }];
  });
  return found.sort((a, b) => Math.abs(Math.log(b.entry.factor)) - Math.abs(Math.log(a.entry.factor)));
}

/** Where a leader is furthest from its habit among the steps that count, the newest of those alike. */
function strongest({ signal }: Leader, delays: readonly number[]): { deviation: number; ago: number } {
  let best = { deviation: 0, ago: 0 };
  for (const ago of delays) {
    const deviation = (signal.news.at(-1 - ago) ?? 0) === 0 ? 0 : (signal.deviations.at(-1 - ago) as number);
    if (Math.abs(deviation) > Math.abs(best.deviation)) best = { deviation, ago };
  }
  return best;
}
