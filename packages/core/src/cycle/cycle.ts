import type {
  Decision,
  Forecast,
  Logger,
  Observation,
  Pool,
  PoolView,
  Proposal,
  Surge,
  TargetState,
  Truth,
  Usage,
} from '@auspex/contracts';
import type { EngineSettings } from '../config/schema.ts';
import { Events } from '../events/events.ts';
import { horizonGrid } from '../forecasting/grid.ts';
import { NO_ANSWER, type SeriesState } from '../forecasting/mixer.ts';
import { readForecast } from '../forecasting/read.ts';
import { GUARDS } from '../guards/all.ts';
import { freezesOf } from '../guards/freezes.ts';
import { runGuards } from '../guards/guard.ts';
import type { HoldBoard } from '../holds/board.ts';
import { type EngineHooks, isTapped } from '../hooks/hooks.ts';
import type { ClosedStep } from '../ingest/ingest.ts';
import type { Journal } from '../journal.ts';
import { stamp } from '../persistence/keys.ts';
import { Rollouts } from '../rollout/rollouts.ts';
import type { ActuateStage } from '../stages/actuate.ts';
import type { AllocateStage } from '../stages/allocate.ts';
import type { AssessStage } from '../stages/assess.ts';
import type { CalendarStage } from '../stages/calendar.ts';
import type { Failures } from '../stages/failures.ts';
import type { PredictStage } from '../stages/predict.ts';
import type { ProfileStage } from '../stages/profile.ts';
import { assessSurge, learnSurge } from '../surge/assess.ts';
import { beginSurge } from '../surge/state.ts';
import { UsageDigest } from '../usage/digest.ts';
import { amount, mergeUsage } from '../usage/merge.ts';
import { type GroupState, Groups } from './groups.ts';
import type { TrainingHistory } from './history.ts';
import { leaseMs } from './lease.ts';
import { addLoad, guardView, makePools, PoolIndex, type PoolState, quietRate, sumOfLoads, total } from './pools.ts';
import { readReduction } from './reduction.ts';
import { isSaturated, isThrottled, stepTruth } from './truth.ts';

export interface CycleParts {
  readonly settings: EngineSettings;
  readonly configHash: string;
  readonly shadow: boolean;
  /** Demand of a trace replayed in an open loop is not hidden by the simulated fleet: no step is saturated. */
  readonly trustDemand: boolean;
  readonly profile: ProfileStage;
  readonly predict: PredictStage;
  readonly assess: AssessStage;
  readonly allocate: AllocateStage;
  /** Pools that have an actuator; the others' decisions are journaled only. */
  readonly actuate: ActuateStage;
  readonly actuated: ReadonlySet<string>;
  readonly calendar: CalendarStage;
  readonly hooks: EngineHooks;
  readonly failures: Failures;
  readonly journal: Journal;
  readonly holds: HoldBoard;
  readonly history: TrainingHistory | undefined;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** A reason to leave the units as they are, and the tap that gave it. */
interface Veto {
  readonly by: string;
  readonly why: string;
}

/** A step whose usage stands on groups and pools. */
export interface TakenStep {
  readonly step: number;
  /** As hooks left it, with groups beyond `maxGroups` renamed: what history keeps. */
  readonly usage: readonly Usage[];
  readonly byGroup: ReadonlyMap<string, Usage[]>;
}

/** Relating every group to every other is quadratic: once a day is often enough for a habit. */
const RELATE_MS = 24 * 3_600_000;
const NO_USAGE: readonly Usage[] = Object.freeze([]);

/**
 * One step of the engine: `learn` from what closed, `decide` what comes, `act` on it. The stages in the order of the flow;
 * what fails in one is a marked fallback in the next.
 */
export class Cycle {
  readonly groups: Groups;
  readonly series = new Map<string, SeriesState>();
  readonly pools: readonly PoolState[];
  readonly events: Events;
  digest = new UsageDigest();
  readonly #parts: CycleParts;
  readonly #index: PoolIndex;
  readonly #freezeOf: ReturnType<typeof freezesOf>;
  /** Of an engine that acts: one that only watches has nothing to roll out. */
  readonly #rollouts: Rollouts | undefined;
  #lastRelated = Number.NEGATIVE_INFINITY;
  #overflowTold = false;
  #truth: Truth = 'missing';

  constructor(parts: CycleParts) {
    this.#parts = parts;
    this.groups = new Groups(parts.settings);
    const { settings } = parts;
    this.#freezeOf = freezesOf(settings.freezes);
    this.#rollouts = parts.shadow ? undefined : new Rollouts(settings, parts.journal, parts.logger);
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
    this.#index = new PoolIndex(this.pools);
    this.events = new Events(parts.calendar, settings, parts.journal, this.pools);
  }

  /** What hooks make of a step's usage; from history it comes as they left it. */
  reshape(closed: ClosedStep): ClosedStep {
    const { hooks } = this.#parts;
    return isTapped(hooks.usage) ? { ...closed, usage: hooks.usage.call(closed.usage, closed.step) } : closed;
  }

  /**
   * Puts a closed step's usage on groups and pools. All that the engine itself reads of it is read here: what plugins do to
   * usage in `learn` reaches nobody else.
   */
  take(closed: ClosedStep): TakenStep {
    this.#recall(closed);
    const { settings, journal } = this.#parts;
    const { step } = closed;
    const usage = this.#admit(closed.usage);
    if ((this.groups.overflowed || closed.overflowed) && !this.#overflowTold) {
      this.#overflowTold = true;
      const text = `more than ${settings.maxGroups} groups: further ones are counted as "other"; raise maxGroups or choose a coarser group rule`;
      journal.append({ type: 'notice', step: step + settings.step, code: 'GROUPS_OVERFLOW', text });
      this.#parts.logger.warn({ maxGroups: settings.maxGroups }, text);
    }
    this.digest.begin(step, closed.missing);
    for (const each of usage) this.digest.add(each);
    this.#truth = stepTruth(settings, step, closed.missing);
    return { step, usage, byGroup: this.#load(usage, step) };
  }

  /** Folds a taken step into profiles, predictors and weights. */
  learn({ step, byGroup }: TakenStep): void {
    const { profile } = this.#parts;
    this.#foldGroups(byGroup, step);
    this.#observePools(step, this.#observe);
    for (const state of this.pools) {
      learnSurge(state.surges, step, state.actual, state.truth, state.pool, state.total.info);
    }
    if (step - this.#lastRelated >= RELATE_MS) {
      this.#lastRelated = step;
      for (const [group, correlated] of profile.relate()) {
        const state = this.groups.all.get(group);
        if (state) state.correlated = correlated;
      }
    }
  }

  /** Usage of groups that there is no room for is added to `other`. */
  #admit(usage: readonly Usage[]): readonly Usage[] {
    // Room for all, even if each of them were new: the usual case, and it costs nothing.
    if (this.groups.all.size + usage.length <= this.#parts.settings.maxGroups) return usage;
    const admitted = new Map<string, Usage>();
    for (const each of usage) {
      const group = this.groups.admit(each.group);
      this.#register(group, each.pop);
      const key = `${each.pop}\0${group}`;
      const renamed = group === each.group ? each : { ...each, group };
      const present = admitted.get(key);
      admitted.set(key, present ? mergeUsage(present, renamed) : renamed);
    }
    return [...admitted.values()];
  }

  #register(group: string, pop: string): GroupState {
    const { state, fresh } = this.groups.at(group, pop);
    if (fresh) this.#parts.profile.begin(state.info);
    if (!state.pops.has(pop)) state.pops.add(pop);
    return state;
  }

  /** @param admits a group that is not known: becomes known; false, for history = loads its pools, and nothing of its own is kept */
  #load(usage: readonly Usage[], step: number, admits = true): Map<string, Usage[]> {
    for (const state of this.pools) state.loads.clear();
    const byGroup = new Map<string, Usage[]>();
    for (const each of usage) {
      const known = admits || this.groups.all.has(each.group);
      if (known) {
        const group = this.#register(each.group, each.pop);
        group.lastActive = step;
        const list = byGroup.get(each.group);
        if (list) list.push(each);
        else byGroup.set(each.group, [each]);
      }
      for (const state of this.#index.loadedBy(each.group, each.pop)) {
        if (known && !state.members.has(each.group)) state.members.set(each.group, this.member(each.group, state));
        addLoad(state, each);
      }
    }
    // Once a pool: each of its groups asks.
    const { settings, trustDemand } = this.#parts;
    for (const state of this.pools) state.saturated = !trustDemand && isSaturated(state, total(state) / (settings.step / 1000), settings);
    return byGroup;
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

  #foldGroups(byGroup: ReadonlyMap<string, Usage[]>, step: number): void {
    const { profile, settings } = this.#parts;
    const seconds = settings.step / 1000;
    for (const [group, state] of this.groups.all) {
      const usage = byGroup.get(group) ?? NO_USAGE;
      const truth = this.#truth === 'observed' && this.#hidden(group, usage) ? 'censored' : this.#truth;
      if (truth === 'observed') {
        const rate = usage.reduce((sum, each) => sum + amount(each, 'requests'), 0) / seconds;
        state.level = state.level === 0 ? rate : 0.995 * state.level + 0.005 * rate;
      }
      // Nobody reads this list or its usage after the profiler.
      profile.fold(group, { step, truth, usage });
    }
  }

  /** Did capacity hide this group's demand at any POP? */
  #hidden(group: string, usage: readonly Usage[]): boolean {
    return usage.some((each) =>
      this.#index.loadedBy(group, each.pop).some((state) => {
        const load = state.loads.get(group);
        return (load !== undefined && isThrottled(load, this.#parts.settings)) || state.saturated;
      }),
    );
  }

  /** Puts a step of history where training finds it, and changes nothing else. */
  remember(closed: ClosedStep): void {
    const { history, settings } = this.#parts;
    this.#recall(closed);
    this.#truth = stepTruth(settings, closed.step, closed.missing);
    // The forgotten stay forgotten.
    const present = this.#load(closed.usage, closed.step, false);
    this.#observePools(closed.step, (series, observation) => {
      const { id, name, scope } = series.info;
      const from = history?.begun(id);
      // Where nobody noted when it began: with the first step in which its group is there.
      const begun = from === undefined ? scope === 'pool' || present.has(name) || history?.has(id) : closed.step >= from;
      if (begun) history?.push(series.info, observation);
    });
  }

  /** Units that each pool had ready when its usage was judged; part of what history keeps. */
  readyUnits(): Record<string, number> {
    return Object.fromEntries(this.pools.flatMap(({ pool, ready }) => (ready === undefined ? [] : [[pool.id, ready] as const])));
  }

  /** From history, a step is judged by the units that were ready then. */
  #recall(closed: ClosedStep): void {
    if (closed.ready === undefined) return;
    for (const state of this.pools) state.ready = closed.ready[state.pool.id];
  }

  #observe = (series: SeriesState, observation: Observation): void => {
    this.#parts.predict.observe(series, this.events.take(series, observation));
    this.#parts.history?.push(series.info, observation);
  };

  #observePools(step: number, take: (series: SeriesState, observation: Observation) => void): void {
    const { settings } = this.#parts;
    const seconds = settings.step / 1000;
    const observe = (series: SeriesState, value: number, truth: Truth): void => take(series, { step, value, truth });
    const seen = new Set<SeriesState>();
    for (const state of this.pools) {
      const saturated = this.#truth === 'observed' && state.saturated;
      const censored = saturated || isThrottled(sumOfLoads(state), settings);
      for (const [group, series] of state.members) {
        if (seen.has(series)) continue;
        seen.add(series);
        const load = state.loads.get(group);
        const hidden = saturated || (load !== undefined && isThrottled(load, settings));
        observe(series, (load?.amount ?? 0) / seconds, this.#truth === 'observed' && hidden ? 'censored' : this.#truth);
      }
      if (this.#truth !== 'missing') state.actual = total(state) / seconds;
      state.truth = this.#truth === 'observed' && censored ? 'censored' : this.#truth;
      observe(state.total, total(state) / seconds, state.truth);
    }
  }

  /**
   * Forecasts every series from `at`, so that outcomes can be matched later. Runs for steps that are only learnt from, too.
   * @param at start of the first unknown step
   * @param again the step was forecast before, in a life that ended: what was told then is not told again
   */
  async forecast(at: number, again = false): Promise<ReadonlyMap<string, Forecast>> {
    const { predict, hooks } = this.#parts;
    await this.events.plan(at, again);
    const all = [...this.series.values()];
    const forecasts = await predict.forecast(all, at);
    const byId = new Map<string, Forecast>();
    const bases = new Map<SeriesState, Forecast>();
    forecasts.forEach((base, index) => {
      const series = all[index] as SeriesState;
      const forecast = this.events.apply(series, base);
      byId.set(series.info.id, forecast);
      if (series.info.scope === 'pool') bases.set(series, base);
      if (isTapped(hooks.forecast)) hooks.forecast.call(forecast);
    });
    for (const state of this.pools) {
      const forecast = byId.get(state.total.info.id) as Forecast;
      state.surge = assessSurge(state.surges, forecast, bases.get(state.total) as Forecast, at, state.pool, state.total.info);
      this.#tellGate(state, at, forecast, again);
    }
    return byId;
  }

  /** Says in the journal when a pool's forecast gives way to the last value, and when it returns. */
  #tellGate({ pool, total: { gate } }: PoolState, at: number, forecast: Forecast, again: boolean): void {
    if (gate.told === gate.closed) return;
    gate.told = gate.closed;
    if (again) return;
    const text = gate.closed ? (forecast.fallback ?? 'the last value takes over') : 'the predictors are better than the last value again';
    const code = gate.closed ? 'FORECAST_GATE_CLOSED' : 'FORECAST_GATE_OPENED';
    this.#parts.journal.append({ type: 'notice', step: at, code, text: `${pool.id}: ${text}` });
    this.#parts.logger[gate.closed ? 'warn' : 'info']({ pool: pool.id }, text);
  }

  /** Decides for every pool, journals it, and returns the decisions; nothing is actuated yet. */
  async decide(at: number, forecasts: ReadonlyMap<string, Forecast>): Promise<Decision[]> {
    const { allocate, settings, hooks } = this.#parts;
    for (const state of this.pools) this.#rollouts?.learn(state, at);
    await Promise.all(this.pools.map((state) => this.#read(state)));
    const views = this.pools.map((state) => this.#view(state, at, forecasts));
    const read = views.map((view) => ({ demand: this.#demand(view, at), surges: strongest(view) }));
    const { popLimits, budget } = settings;
    const proposals = allocate.allocate({ step: at, stepMs: settings.step, pools: views, popLimits, ...(budget && { budget }) });
    const decisions: Decision[] = [];
    for (const [index, state] of this.pools.entries()) {
      const proposal = proposals[index] as (typeof proposals)[number];
      const view = views[index] as PoolView;
      const draft = this.#draft(state, view, at, proposal, read[index] as (typeof read)[number]);
      const proposed = this.#rollouts?.limit(state, draft) ?? draft;
      const reshaped = isTapped(hooks.decision) ? reshapedBy(await hooks.decision.promise(proposed), proposed) : proposed;
      // What `attributeTaps` makes of a tap's reason: who gave it, too.
      const veto = isTapped(hooks.veto) ? ((await hooks.veto.promise(reshaped)) as unknown as Veto | undefined) : undefined;
      decisions.push(this.#guard(state, view, at, reshaped, veto, proposal.settled === true));
    }
    return decisions;
  }

  async #read(state: PoolState): Promise<void> {
    if (!this.#parts.actuated.has(state.pool.id)) return;
    const target: TargetState | undefined = await this.#parts.actuate.read(state.pool.id, this.#parts.signal);
    state.ready = target?.ready;
    // A shadow goes by its own orders: the target follows somebody else's.
    const shadow = this.#parts.shadow || this.#rollouts?.stageOf(state) === 'shadow';
    if (target && (!shadow || state.previous === undefined)) state.previous = target.units;
  }

  #view(state: PoolState, at: number, forecasts: ReadonlyMap<string, Forecast>): PoolView {
    const { pool } = state;
    const units = state.previous ?? pool.min;
    const forecast = forecasts.get(state.total.info.id) as Forecast;
    return {
      pool,
      units,
      ready: state.ready ?? units,
      actual: state.actual,
      truth: state.truth,
      forecast,
      paths: () => this.events.paths(forecast, (base) => this.#parts.predict.paths(state.total, base)),
      ...(state.surge && { surge: state.surge }),
      groups: [...state.members].map(([group, series]) => this.#group(state, group, series, at, forecasts)),
    };
  }

  #group(
    state: PoolState,
    group: string,
    series: SeriesState,
    at: number,
    forecasts: ReadonlyMap<string, Forecast>,
  ): { surge: Surge; expectedAtLead: number } {
    const { profile, assess, settings } = this.#parts;
    const { pool } = state;
    const scale = this.#scale(group, series);
    const now = profile.expected(group, at - settings.step);
    const then = profile.expected(group, at + pool.leadTimeMs);
    const forecast = forecasts.get(series.info.id) as Forecast;
    const ahead = pool.leadTimeMs / settings.step + 1;
    const median = readForecast(forecast, ahead, 0.5);
    const surge = assess.assess({
      group,
      pop: pool.pop,
      at,
      expected: now === undefined ? undefined : now * scale,
      actual: this.#truth === 'missing' || this.#truth === 'masked' ? undefined : this.events.seen(series),
      events: this.events.expected(series, pool, at),
      sensitivity: profile.sensitivity(group),
      quiet: quietRate(pool, settings.step),
    });
    // The profile knows the time of day where no predictor has spoken; where the last value was better than they were, it speaks.
    const expectedAtLead = forecast.fallback !== NO_ANSWER || then === undefined ? median : then * scale;
    return { surge, expectedAtLead };
  }

  /** From a group's requests at all POPs to one series of it: its share at that POP, in the series' measure. */
  #scale(group: string, series: SeriesState): number {
    const state = this.groups.all.get(group);
    const whole = series.info.measure === 'requests' && (series.info.pop === '*' || state?.pops.size === 1);
    if (whole || state === undefined || state.level <= 0) return 1;
    return series.level / state.level;
  }

  #draft(state: PoolState, view: PoolView, at: number, proposal: Proposal, read: Pick<Decision, 'demand' | 'surges'>): Decision {
    const { pool } = state;
    return {
      key: `${pool.id}@${stamp(at)}`,
      pool: pool.id,
      pop: pool.pop,
      step: at,
      units: proposal.units,
      previous: view.units,
      tier: proposal.tier,
      shadow: this.#parts.shadow,
      trail: proposal.reasons,
      ...read,
      ...(view.surge && { surge: view.surge }),
      configHash: this.#parts.configHash,
      stateHash: this.digest.toString(),
    };
  }

  #demand({ pool, forecast, actual }: PoolView, at: number): Decision['demand'] {
    const ahead = pool.leadTimeMs / this.#parts.settings.step + 1;
    return {
      actual,
      expected: readForecast(forecast, ahead, 0.5),
      low: readForecast(forecast, ahead, 0.1),
      high: readForecast(forecast, ahead, 0.9),
      at: at + pool.leadTimeMs,
      by: forecast.by,
      ...(forecast.weights === undefined ? {} : { weights: forecast.weights }),
      ...(forecast.fallback === undefined ? {} : { fallback: forecast.fallback }),
    };
  }

  #guard(state: PoolState, view: PoolView, at: number, decision: Decision, veto: Veto | undefined, settled: boolean): Decision {
    const { settings, hooks, journal, holds, failures, actuated } = this.#parts;
    const { guards } = settings;
    // What was proposed one lead time ago was proposed for now: units for it must not go before.
    const stabilisationMs = guards.stabilisation ?? (settled ? 0 : Math.max(300_000, state.pool.leadTimeMs + settings.step));
    // Whole steps: what is kept of calm steps must reach back so far.
    const calmMs = Math.ceil(Math.max(stabilisationMs, state.pool.leadTimeMs) / settings.step) * settings.step;
    const { cooldown: cooldownMs, maxUp, maxDown, maxDownShare = 0.1 } = guards;
    const limits = { stabilisationMs, cooldownMs, maxUp, maxDown, calmMs, maxDownShare };
    const trail = [...decision.trail];
    let { units } = decision;
    if (veto !== undefined) {
      units = decision.previous;
      trail.push({ by: `hook(${veto.by})`, units, text: `vetoed: ${veto.why}` });
    }
    const blocked = readReduction(
      state,
      units < decision.previous,
      view,
      at,
      { keepMs: calmMs, stepMs: settings.step },
      failures.anyReported,
    );
    const said = { blocked, freeze: this.#freezeOf(state.pool.id, at), hold: holds.inForce(state.pool.id, at) };
    const result = runGuards(GUARDS, units, guardView(state, at, said), limits);
    trail.push(...result.reasons);
    const from = decision.previous;
    const end = result.units === from ? `stays at ${from}` : `${from} becomes ${result.units}`;
    trail.push({ by: 'decision', units: result.units, text: end });
    const final: Decision = { ...decision, units: result.units, trail };
    state.proposals = state.proposals.filter((proposal) => proposal.step > at - stabilisationMs);
    // As taps left it: what they took away was not proposed.
    state.proposals.push({ step: at, units: decision.units });
    if (final.units !== state.previous) state.lastChange = at;
    state.previous = final.units;
    this.#rollouts?.decided(state, final, actuated.has(state.pool.id), said.hold !== undefined);
    journal.append({ type: 'decision', step: at, decision: final });
    if (isTapped(hooks.decided)) hooks.decided.call(final);
    return final;
  }

  /** Carries decisions out. Shadow orders go to the actuator too, which changes nothing: one code path. */
  async act(decisions: readonly Decision[], epoch: number): Promise<void> {
    const { actuate, actuated, hooks, journal, signal } = this.#parts;
    for (const decision of decisions) {
      if (signal.aborted) return;
      if (!actuated.has(decision.pool)) continue;
      const { pool } = this.pools.find((state) => state.pool.id === decision.pool) as PoolState;
      const receipt = await actuate.actuate(
        {
          key: decision.key,
          pool: decision.pool,
          pop: decision.pop,
          units: decision.units,
          min: pool.min,
          max: pool.max,
          epoch,
          shadow: decision.shadow,
          step: decision.step,
          ...this.#expiry(pool, decision.step),
        },
        signal,
      );
      journal.append({ type: 'receipt', step: decision.step, receipt });
      if (isTapped(hooks.receipt)) hooks.receipt.call(receipt);
    }
  }

  /** A floor is a lease; in full control there is nobody to fall back on. */
  #expiry(pool: Pool, step: number): { expires?: number } {
    return pool.control === 'floor' ? { expires: step + leaseMs(this.#parts.settings) } : {};
  }

  /** Journals what failed in this step. */
  tellFailures(at: number): void {
    const { failures, journal, hooks } = this.#parts;
    for (const failure of failures.take()) {
      journal.append({ type: 'failure', step: at, failure });
      if (isTapped(hooks.failure)) hooks.failure.call(failure, at);
    }
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
    this.#index.forget(group);
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

/** What a tap may change: units, tier and trail. Whose decision it is, and whether it is a shadow, is not its to say. */
function reshapedBy(asked: Decision, proposed: Decision): Decision {
  return asked === proposed ? proposed : { ...proposed, units: asked.units, tier: asked.tier, trail: asked.trail };
}

/** The pool's surges, strongest first, at most five; copies. */
function strongest(view: PoolView): Surge[] {
  return view.groups
    .map((group) => group.surge)
    .sort((a, b) => b.probability - a.probability || b.score - a.score || (a.group < b.group ? -1 : 1))
    .slice(0, 5)
    .map((surge) => ({ ...surge, contributions: surge.contributions.map((each) => ({ ...each })) }));
}
