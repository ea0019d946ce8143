import type { Truth } from '@auspex/contracts';
import { Events } from '../events/events.ts';
import { horizonGrid } from '../forecasting/grid.ts';
import type { SeriesState } from '../forecasting/mixer.ts';
import { beginSurge } from '../surge/state.ts';
import { type GroupState, Groups } from './groups.ts';
import type { CycleParts } from './parts.ts';
import { makePools, PoolIndex, type PoolState } from './pools.ts';

/** All that the engine knows: groups, pools, their series, and what is planned. */
export class World {
  readonly groups: Groups;
  readonly series = new Map<string, SeriesState>();
  readonly pools: readonly PoolState[];
  readonly index: PoolIndex;
  readonly events: Events;
  /** What is known of the last step, before any pool's capacity is looked at. */
  truth: Truth = 'missing';
  readonly #parts: CycleParts;

  constructor(parts: CycleParts) {
    const { settings } = parts;
    this.#parts = parts;
    this.groups = new Groups(settings);
    const pools = makePools(settings);
    this.pools = pools.map((pool): PoolState => {
      // Pools of one POP and measure share their groups' series: its horizon reaches as far as the longest lead time needs.
      const sharing = pools.filter((other) => other.pop === pool.pop && other.measure === pool.measure);
      const lead = Math.max(...sharing.map((other) => other.leadTimeMs));
      // An order placed now serves from the lead time on, and until the next order could: two more steps.
      const horizon = horizonGrid(Math.ceil(lead / settings.step) + 2);
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
        horizon,
        total,
        members: new Map(),
        loads: new Map(),
        actual: 0,
        truth: 'missing',
        previous: undefined,
        ready: undefined,
        proposals: [],
        lastChange: undefined,
        saturated: false,
        calm: [],
        surges: beginSurge(),
        surge: undefined,
        rollout: undefined,
      };
    });
    this.index = new PoolIndex(this.pools);
    this.events = new Events(parts.calendar, settings, parts.journal, this.pools);
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
    const id = `${group}@${pool.pop}/${pool.measure}`;
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

  /** Drops groups that have been idle too long; returns their names and series, for the store. */
  forgetIdle(step: number): { groups: string[]; series: string[] } {
    const groups = this.groups.forgetIdle(step);
    return { groups, series: groups.flatMap((group) => this.#drop(group).series) };
  }

  /** Drops a group, and what others know of it; pools and weights keep what they have learnt from it, as one of many. */
  forgetGroup(group: string): { known: boolean; series: string[]; members: number; correlations: number } {
    const known = this.groups.all.delete(group);
    let correlations = 0;
    for (const state of this.groups.all.values()) {
      const others = state.correlated.filter((each) => each.group !== group);
      correlations += state.correlated.length - others.length;
      state.correlated = others;
    }
    return { known, ...this.#drop(group), correlations };
  }

  #drop(group: string): { series: string[]; members: number } {
    const series = new Set<string>();
    let members = 0;
    this.#parts.profile.forget(group);
    this.index.forget(group);
    for (const state of this.pools) {
      const member = state.members.get(group);
      if (!member) continue;
      members++;
      state.members.delete(group);
      series.add(member.info.id);
      this.series.delete(member.info.id);
      this.#parts.history?.forget(member.info.id);
    }
    this.events.forget(group, [...series]);
    return { series: [...series], members };
  }
}
