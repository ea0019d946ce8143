import { type Decision, type Forecast, formatDuration, type Pool } from '@auspex/contracts';
import type { PoolFacts } from '../alerting/facts.ts';
import { accepted } from '../capacity/lead-time.ts';
import type { Size } from '../capacity/state.ts';
import type { Events } from '../events/events.ts';
import { isClosed } from '../forecasting/gate.ts';
import type { SeriesState } from '../forecasting/mixer.ts';
import { isTapped } from '../hooks/hooks.ts';
import type { ClosedStep } from '../ingest/ingest.ts';
import { assessSurge } from '../surge/assess.ts';
import type { UsageDigest } from '../usage/digest.ts';
import { Deciding } from './deciding.ts';
import type { Groups } from './groups.ts';
import { Learning, type TakenStep } from './learning.ts';
import { leaseMs } from './lease.ts';
import type { CycleParts } from './parts.ts';
import type { PoolState } from './pools.ts';
import { silenceOf } from './quiet.ts';
import { type ForgottenGroup, World } from './world.ts';

/**
 * One step of the engine: `learn` from what closed, `forecast` and `decide` what comes, `act` on it. The stages in the order of the flow;
 * what fails in one is a marked fallback in the next.
 */
export class Cycle {
  readonly #parts: CycleParts;
  readonly #world: World;
  readonly #learning: Learning;
  readonly #deciding: Deciding;

  constructor(parts: CycleParts) {
    this.#parts = parts;
    this.#world = new World(parts);
    this.#learning = new Learning(parts, this.#world);
    this.#deciding = new Deciding(parts, this.#world, () => this.#learning.digest.toString());
  }

  get groups(): Groups {
    return this.#world.groups;
  }

  get series(): Map<string, SeriesState> {
    return this.#world.series;
  }

  get pools(): readonly PoolState[] {
    return this.#world.pools;
  }

  get events(): Events {
    return this.#world.events;
  }

  /** Of all closed usage. */
  get digest(): UsageDigest {
    return this.#learning.digest;
  }

  set digest(digest: UsageDigest) {
    this.#learning.digest = digest;
  }

  /** Step in which groups were related last, epoch ms. */
  get related(): number {
    return this.#learning.related;
  }

  set related(step: number) {
    this.#learning.related = step;
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
    return this.#learning.take(closed);
  }

  /** Folds a taken step into profiles, predictors and weights. */
  learn(taken: TakenStep): void {
    this.#learning.learn(taken);
  }

  /** Puts a step of history where training finds it, and changes nothing else. */
  remember(closed: ClosedStep): void {
    this.#learning.remember(closed);
  }

  /** Units that each pool had ready when its usage was judged; part of what history keeps. */
  readyUnits(): Record<string, number> {
    return this.#learning.readyUnits();
  }

  /** The series of a group at a pool's POP; pools with the same POP and measure share it. */
  member(group: string, state: PoolState): SeriesState {
    return this.#world.member(group, state);
  }

  /**
   * Forecasts every series from `at`, so that outcomes can be matched later. Runs for steps that are only learnt from, too.
   * @param at start of the first unknown step
   * @param again the step was forecast before, in a life that ended: what was told then is not told again
   */
  async forecast(at: number, again = false): Promise<ReadonlyMap<string, Forecast>> {
    const { predict, hooks } = this.#parts;
    await this.#world.events.plan(at, again);
    const all = [...this.#world.series.values()];
    const forecasts = await predict.forecast(all, at);
    const byId = new Map<string, Forecast>();
    const bases = new Map<SeriesState, Forecast>();
    const pools = new Map(this.#world.pools.map((pool) => [pool.total, pool]));
    forecasts.forEach((base, index) => {
      const series = all[index] as SeriesState;
      const planned = this.#world.events.apply(series, base);
      const pool = pools.get(series);
      const forecast = pool ? this.#world.leaders.apply(pool, planned, again) : planned;
      byId.set(series.info.id, forecast);
      if (pool) bases.set(series, base);
      if (isTapped(hooks.forecast)) hooks.forecast.call(forecast);
    });
    for (const state of this.#world.pools) {
      const forecast = byId.get(state.total.info.id) as Forecast;
      const said = this.#world.leaders.said(forecast, bases.get(state.total) as Forecast);
      const regime = predict.regime(state.total, at);
      state.surge = assessSurge(state.surges, { ...said, regime }, at, state.pool, state.total.info);
      this.#tellGate(state, at, forecast, again);
    }
    return byId;
  }

  /** Says in the journal when a pool's forecast gives way to the last value, and when it returns. */
  #tellGate({ pool, total: { gate } }: PoolState, at: number, forecast: Forecast, again: boolean): void {
    const closed = isClosed(gate);
    if (gate.told === closed) return;
    gate.told = closed;
    if (again) return;
    const text = closed ? (forecast.fallback ?? 'the last value takes over') : 'the predictors are better than the last value again';
    const code = closed ? 'FORECAST_GATE_CLOSED' : 'FORECAST_GATE_OPENED';
    this.#parts.journal.append({ type: 'notice', step: at, code, text: `${pool.id}: ${text}` });
    this.#parts.logger[closed ? 'warn' : 'info']({ pool: pool.id }, text);
  }

  /** A pool's size has moved, and no snapshot knows of it yet. */
  get resized(): boolean {
    return this.#world.resized;
  }

  set resized(resized: boolean) {
    this.#world.resized = resized;
  }

  /** Goes by another size of a pool from now on. */
  resize(state: PoolState, size: Size): void {
    this.#world.resize(state, size);
  }

  /** Decides for every pool, journals it, and returns the decisions; nothing is actuated yet. */
  decide(at: number, forecasts: ReadonlyMap<string, Forecast>): Promise<Decision[]> {
    this.#tellAnomalies(at);
    return this.#deciding.decide(at, forecasts);
  }

  /** Carries decisions out. Shadow orders go to the actuator too, which changes nothing: one code path. */
  async act(decisions: readonly Decision[], epoch: number): Promise<void> {
    const { actuate, actuated, hooks, journal, gauges, signal } = this.#parts;
    for (const decision of decisions) {
      if (signal.aborted) return;
      if (!actuated.has(decision.pool)) continue;
      const state = this.#world.pools.find(({ pool }) => pool.id === decision.pool) as PoolState;
      const { pool } = state;
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
      if (!decision.shadow) {
        const units = receipt.status === 'refused' ? 0 : receipt.units;
        state.capacity.lead = accepted(state.capacity.lead, decision.step, units);
      }
      state.receipt = receipt;
      state.ordered = decision.step;
      journal.append({ type: 'receipt', step: decision.step, receipt });
      gauges.receipt(receipt);
      if (isTapped(hooks.receipt)) hooks.receipt.call(receipt);
    }
  }

  /** Journals what a rule would tell of, and how surges were judged. */
  #tellAnomalies(at: number): void {
    const { alerts, journal, gauges } = this.#parts;
    for (const { series, by, anomaly } of this.#world.detected) {
      gauges.detected(series, by, anomaly);
      if (!anomaly.hostility && !alerts.isTold(by, anomaly.score)) continue;
      journal.append({ type: 'anomaly', step: at, series: series.id, by, anomaly });
    }
  }

  /**
   * Lets the rules look at a step that was decided, and at what became of the orders before it.
   * @param isPast nobody is told of what they see
   */
  watch(at: number, decisions: readonly Decision[], isPast = false): void {
    const { alerts, failures, settings } = this.#parts;
    const byPool = new Map(decisions.map((decision) => [decision.pool, decision]));
    alerts.step({
      step: at,
      stepMs: settings.step,
      isPast,
      detected: this.#world.detected,
      pools: this.#world.pools.map((state) => this.#factsOf(state, at, byPool.get(state.pool.id))),
      failing: failures.standing,
      notices: alerts.takeNotices(),
    });
  }

  #factsOf(state: PoolState, at: number, decision: Decision | undefined): PoolFacts {
    const { settings, actuated, shadow } = this.#parts;
    const { pool, truth, receipt } = state;
    state.ordered ??= at;
    const { ordered } = state;
    // Of an older order it says nothing of now: the pool may have lost its actuator since, or the engine was away.
    const isFresh = actuated.has(pool.id) && ordered === at - settings.step;
    return {
      ...{ pool, truth, decision, ordered, live: actuated.has(pool.id) && !shadow, receipt: isFresh ? receipt : undefined },
      silence: silenceOf(state.quiet, at, settings.step),
    };
  }

  /** Journals that a step's decisions came too late to be carried out. */
  tellStale(at: number, now: number): void {
    const text = `decided, and not ordered: what was decided could be written only ${formatDuration(Math.round((now - at) / 1000) * 1000)} later`;
    this.#parts.journal.append({ type: 'notice', step: at, code: 'ORDER_STALE', text });
    this.#parts.logger.warn({ code: 'ORDER_STALE' }, text);
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
    return this.#world.forgetIdle(step);
  }

  /** Drops a group, and what others know of it; pools and weights keep what they have learnt from it, as one of many. */
  forgetGroup(group: string): ForgottenGroup {
    return this.#world.forgetGroup(group);
  }
}
