import type { Pool, Truth } from '@auspex/contracts';
import { beginCapacity, type Size } from '../capacity/state.ts';
import { Events } from '../events/events.ts';
import { horizonGrid } from '../forecasting/grid.ts';
import type { SeriesState } from '../forecasting/mixer.ts';
import { beginCap } from '../hostile/cap.ts';
import { Leaders } from '../leaders/leaders.ts';
import { beginLeaders } from '../leaders/state.ts';
import { beginOutcomes, withoutGroup } from '../outcomes/awaited.ts';
import type { Detected } from '../stages/detect.ts';
import type { LearnStage } from '../stages/learn.ts';
import { beginSurge } from '../surge/state.ts';
import { measuresOf } from '../usage/demand.ts';
import { type GroupState, Groups } from './groups.ts';
import type { CycleParts } from './parts.ts';
import { makePools, PoolIndex, type PoolState } from './pools.ts';
import { beginQuiet } from './quiet.ts';

/** What goes with a group. */
interface Forgotten {
  readonly series: string[];
  /** Pools that it was a member of. */
  readonly members: number;
  /** Pools that it led, or was tried as a leader of. */
  readonly leaders: number;
}

/** What goes when a group is forgotten by order. */
export interface ForgottenGroup extends Forgotten {
  readonly known: boolean;
  /** Of other groups with it. */
  readonly correlations: number;
  /** Learners whose states changed by it, and those that cannot forget. */
  readonly learners: ReturnType<LearnStage['erase']>;
}

/** Pools of one POP and one measure share their groups' series. */
function seriesKey({ id, pop, measure, also }: Pool): string {
  return also ? `${pop}/${measure}+/${id}` : `${pop}/${measure}`;
}

/** Of pools that share series it reaches as far as the longest lead time needs. */
function horizonOf(pool: Pool, pools: readonly Pool[], stepMs: number): readonly number[] {
  const sharing = pools.filter((other) => seriesKey(other) === seriesKey(pool));
  const lead = Math.max(...sharing.map((other) => other.leadTimeMs));
  // An order placed now serves from the lead time on, and until the next order could: two more steps.
  return horizonGrid(Math.ceil(lead / stepMs) + 2);
}

/** All that the engine knows: groups, pools, their series, and what is planned. */
export class World {
  readonly groups: Groups;
  readonly series = new Map<string, SeriesState>();
  readonly pools: readonly PoolState[];
  readonly index: PoolIndex;
  readonly events: Events;
  readonly leaders: Leaders;
  /** What is known of the last step, before any pool's capacity is looked at. */
  truth: Truth = 'missing';
  /** A pool's size has moved, and no snapshot knows of it yet. */
  resized = false;
  /** What detectors said of the last step. */
  detected: Detected[] = [];
  readonly #parts: CycleParts;

  constructor(parts: CycleParts) {
    const { settings } = parts;
    this.#parts = parts;
    this.groups = new Groups(settings);
    const pools = makePools(settings);
    this.pools = pools.map((pool): PoolState => {
      const horizon = horizonOf(pool, pools, settings.step);
      const zone = this.groups.zoneOf('', pool.pop);
      const info = {
        id: `pool:${pool.id}`,
        scope: 'pool' as const,
        name: pool.id,
        pop: pool.pop,
        measure: pool.measure,
        zone,
        stepMs: settings.step,
        ahead: horizon.at(-1) as number,
      };
      const total = parts.predict.begin(info, horizon);
      this.series.set(info.id, total);
      return {
        pool,
        configured: pool,
        measures: measuresOf(pool),
        horizon,
        total,
        members: new Map(),
        loads: new Map(),
        signIns: 0,
        actual: 0,
        binding: undefined,
        truth: 'missing',
        previous: undefined,
        ready: undefined,
        held: undefined,
        proposals: [],
        lastChange: undefined,
        saturated: false,
        calm: [],
        surges: beginSurge(),
        surge: undefined,
        hostility: undefined,
        capped: beginCap,
        quiet: beginQuiet,
        receipt: undefined,
        ordered: undefined,
        leaders: beginLeaders(),
        rollout: undefined,
        outcomes: beginOutcomes(),
        capacity: beginCapacity(),
      };
    });
    this.index = new PoolIndex(this.pools);
    this.events = new Events(parts.calendar, settings, parts.journal, this.pools);
    this.leaders = new Leaders(parts);
  }

  /** A group that loads something at a POP: known from now on. */
  register(group: string, pop: string): GroupState {
    const { state, fresh } = this.groups.at(group, pop);
    if (fresh) this.#parts.profile.begin(state.info);
    if (!state.pops.has(pop)) state.pops.add(pop);
    return state;
  }

  /** The series of a group at a pool's POP; pools with the same POP and measure share it. */
  member(group: string, state: PoolState): SeriesState {
    const { pool } = state;
    const id = `${group}@${seriesKey(pool)}`;
    let series = this.series.get(id);
    if (!series) {
      const zone = this.groups.zoneOf(group, pool.pop);
      const info = {
        id,
        scope: 'group' as const,
        name: group,
        pop: pool.pop,
        measure: pool.measure,
        zone,
        stepMs: this.#parts.settings.step,
        ahead: state.horizon.at(-1) as number,
      };
      series = this.#parts.predict.begin(info, state.horizon, state.total);
      this.series.set(id, series);
    }
    return series;
  }

  /** From a group's requests at all POPs to one series of it: its share at that POP, in the series' measure. */
  scale(group: string, series: SeriesState, { measures }: PoolState): number {
    const state = this.groups.all.get(group);
    const whole = measures.length === 1 && series.info.measure === 'requests' && (series.info.pop === '*' || state?.pops.size === 1);
    if (whole || state === undefined || state.level <= 0) return 1;
    return series.level / state.level;
  }

  /** Goes by another size of a pool from the next forecast on. Series whose horizon moves keep what they know, as after a restart with another lead time. */
  resize(state: PoolState, size: Size): void {
    // What one of a further measure counts stays: the series of the pool are in it.
    state.pool = Object.freeze({ ...state.pool, ...size });
    this.resized = true;
    const pools = this.pools.map(({ pool }) => pool);
    for (const each of this.pools) {
      const horizon = horizonOf(each.pool, pools, this.#parts.settings.step);
      if (horizon.join() === each.horizon.join()) continue;
      each.horizon = horizon;
      for (const series of [each.total, ...each.members.values()]) this.#reach(series, horizon);
    }
  }

  #reach(series: SeriesState, horizon: readonly number[]): void {
    const { predict } = this.#parts;
    // Pools may share a series: the second finds it done.
    if (series.horizon.join() === horizon.join()) return;
    const info = { ...series.info, ahead: horizon.at(-1) as number };
    Object.assign(series, predict.decode(info, horizon, predict.encode(series)));
  }

  /** Drops groups that have been idle too long; returns their names and series, for the store. */
  forgetIdle(step: number): { groups: string[]; series: string[] } {
    const groups = this.groups.forgetIdle(step);
    return { groups, series: groups.flatMap((group) => this.#drop(group).series) };
  }

  /** Drops a group, and what others know of it; pools and weights keep what they have learnt from it, as one of many. */
  forgetGroup(group: string): ForgottenGroup {
    const learners = this.#parts.learn.erase(group);
    const known = this.groups.all.delete(group);
    let correlations = 0;
    for (const state of this.groups.all.values()) {
      const others = state.correlated.filter((each) => each.group !== group);
      correlations += state.correlated.length - others.length;
      state.correlated = others;
    }
    return { known, ...this.#drop(group), correlations, learners };
  }

  #drop(group: string): Forgotten {
    const series = new Set<string>();
    let members = 0;
    this.#parts.profile.forget(group);
    this.#parts.learn.forget(group);
    this.index.forget(group);
    for (const state of this.pools) {
      state.outcomes.awaited = withoutGroup(state.outcomes.awaited, group);
      const member = state.members.get(group);
      if (!member) continue;
      members++;
      state.members.delete(group);
      series.add(member.info.id);
      this.series.delete(member.info.id);
      this.#parts.history?.forget(member.info.id);
      this.#parts.detect.forget(member.info.id);
    }
    this.events.forget(group, [...series]);
    const leaders = this.leaders.forget(this.pools, group);
    return { series: [...series], members, leaders };
  }
}
