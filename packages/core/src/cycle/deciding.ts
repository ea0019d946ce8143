import type { Decision, Forecast, Measure, PoolView, Proposal, Surge, TargetState } from '@auspex/contracts';
import { ordered } from '../capacity/lead-time.ts';
import { CapacityLearning } from '../capacity/learn.ts';
import { NO_ANSWER, type SeriesState } from '../forecasting/mixer.ts';
import { readForecast } from '../forecasting/read.ts';
import { GUARDS } from '../guards/all.ts';
import { freezesOf } from '../guards/freezes.ts';
import { runGuards } from '../guards/guard.ts';
import { isTapped } from '../hooks/hooks.ts';
import { type CapView, capAt } from '../hostile/cap.ts';
import { awaiting } from '../outcomes/awaited.ts';
import { stamp } from '../persistence/keys.ts';
import { Rollouts } from '../rollout/rollouts.ts';
import type { CycleParts } from './parts.ts';
import { guardView, type PoolState, quietRate } from './pools.ts';
import { readReduction } from './reduction.ts';
import type { World } from './world.ts';

/** How long a pool may be without a group before that is worth a word. */
const WATCHED_MS = 3_600_000;

/** A reason to leave the units as they are, and the tap that gave it. */
interface Veto {
  readonly by: string;
  readonly why: string;
}

/** From forecasts to decisions: what the allocator is shown, what it proposes, and what rollout, taps and guards leave of it. */
export class Deciding {
  readonly #parts: CycleParts;
  readonly #world: World;
  readonly #digest: () => string;
  readonly #freezeOf: ReturnType<typeof freezesOf>;
  /** Of an engine that acts: one that only watches has nothing to roll out. */
  readonly #rollouts: Rollouts | undefined;
  readonly #capacity: CapacityLearning;
  /** Steps decided while groups were there, and whether pools without any were told of. */
  #watched = 0;
  #told = false;

  /** @param digest of all closed usage */
  constructor(parts: CycleParts, world: World, digest: () => string) {
    const { settings, journal, logger } = parts;
    this.#parts = parts;
    this.#world = world;
    this.#digest = digest;
    this.#freezeOf = freezesOf(settings.freezes);
    this.#rollouts = parts.shadow ? undefined : new Rollouts(settings, journal, logger);
    this.#capacity = new CapacityLearning(settings, journal, logger, (state, size) => world.resize(state, size));
  }

  /** A pool that no group loads looks calm everywhere: said once, when an hour of steps has shown it. */
  #warnOfIdlePools(): void {
    if (this.#told || this.#world.groups.all.size === 0) return;
    const { settings, logger } = this.#parts;
    if (++this.#watched * settings.step < WATCHED_MS) return;
    this.#told = true;
    const { all } = this.#world.groups;
    const pops = [...new Set([...all.values()].flatMap((group) => [...group.pops]))].sort();
    for (const { pool, members } of this.#world.pools) {
      if (members.size > 0) continue;
      const seen = `${all.size} group(s) at the POPs ${pops.map((pop) => `"${pop}"`).join(', ')}`;
      logger.warn(
        { pool: pool.id, pop: pool.pop, groups: all.size, pops },
        `pool ${pool.id} has no demand: none of ${seen} loads it; check its pop, serves and measure`,
      );
    }
  }

  /** Decides for every pool, journals it, and returns the decisions; nothing is actuated yet. */
  async decide(at: number, forecasts: ReadonlyMap<string, Forecast>): Promise<Decision[]> {
    const { allocate, settings, hooks } = this.#parts;
    this.#warnOfIdlePools();
    for (const state of this.#world.pools) this.#rollouts?.learn(state, at);
    await Promise.all(this.#world.pools.map((state) => this.#read(state)));
    const views = this.#world.pools.map((state) => this.#view(state, at, forecasts));
    const read = views.map((view, index) => {
      const { binding } = this.#world.pools[index] as PoolState;
      return { demand: this.#demand(view, binding, at), surges: strongest(view) };
    });
    const { popLimits, budget } = settings;
    const proposals = allocate.allocate({ step: at, stepMs: settings.step, pools: views, popLimits, ...(budget && { budget }) });
    const decisions: Decision[] = [];
    for (const [index, state] of this.#world.pools.entries()) {
      const proposal = proposals[index] as (typeof proposals)[number];
      const view = views[index] as PoolView;
      const draft = this.#draft(state, view, at, proposal, read[index] as (typeof read)[number]);
      const proposed = this.#rollouts?.limit(state, draft) ?? draft;
      const reshaped = isTapped(hooks.decision) ? reshapedBy(await hooks.decision.promise(proposed), proposed) : proposed;
      // What `attributeTaps` makes of a tap's reason: who gave it, too.
      const veto = isTapped(hooks.veto) ? ((await hooks.veto.promise(reshaped)) as unknown as Veto | undefined) : undefined;
      decisions.push(this.#guard(state, view, at, reshaped, veto, proposal.settled === true));
    }
    // Last: a lead time that moves is of the next decision, whose forecast reaches so far.
    for (const state of this.#world.pools) if (state.held) this.#capacity.read(state, at, state.held.ready);
    for (const decision of decisions) this.#order(decision);
    return decisions;
  }

  /** Notes that units are about to be ordered, so that a crash after the order knows of it. */
  #order({ pool, step, units, shadow }: Decision): void {
    const state = this.#world.pools.find((each) => each.pool.id === pool) as PoolState;
    if (shadow || !state.held) return;
    state.capacity.lead = ordered(state.capacity.lead, step, units, state.held);
  }

  async #read(state: PoolState): Promise<void> {
    if (!this.#parts.actuated.has(state.pool.id)) return;
    const target: TargetState | undefined = await this.#parts.actuate.read(state.pool.id, this.#parts.signal);
    state.ready = target?.ready;
    state.held = target;
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
      paths: () =>
        this.#world.leaders.paths(forecast, (planned) =>
          this.#world.events.paths(planned, (base) => this.#parts.predict.paths(state.total, base)),
        ),
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
    const { profile, assess, learn, settings } = this.#parts;
    const { pool } = state;
    const scale = this.#world.scale(group, series, state);
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
      actual: this.#world.truth === 'missing' || this.#world.truth === 'masked' ? undefined : this.#world.events.seen(series),
      events: this.#world.events.expected(series, pool, at),
      sensitivity: profile.sensitivity(group) * (learn.sensitivity(group) ?? 1),
      quiet: quietRate(pool, settings.step),
    });
    // The profile knows the time of day where no predictor has spoken; where the last value was better than they were, it speaks.
    const expectedAtLead = forecast.fallback !== NO_ANSWER || then === undefined ? median : then * scale;
    return { surge, expectedAtLead };
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
      ...(state.hostility && { hostility: state.hostility }),
      configHash: this.#parts.configHash,
      stateHash: this.#digest(),
    };
  }

  #demand({ pool, forecast, actual }: PoolView, binding: Measure | undefined, at: number): Decision['demand'] {
    const ahead = pool.leadTimeMs / this.#parts.settings.step + 1;
    const leaders = this.#world.leaders.told(forecast);
    return {
      actual,
      expected: readForecast(forecast, ahead, 0.5),
      low: readForecast(forecast, ahead, 0.1),
      high: readForecast(forecast, ahead, 0.9),
      at: at + pool.leadTimeMs,
      by: forecast.by,
      ...(binding && { binding }),
      ...(forecast.weights === undefined ? {} : { weights: forecast.weights }),
      ...(forecast.fallback === undefined ? {} : { fallback: forecast.fallback }),
      ...(leaders && { leaders }),
    };
  }

  #cap(state: PoolState, at: number): CapView | undefined {
    const above = this.#parts.settings.pools.find(({ id }) => id === state.pool.id)?.capHostile;
    if (above === undefined) return undefined;
    const next = capAt(state.capped, state.pool, above, at, state.hostility);
    state.capped = next.state;
    return next.cap;
  }

  #guard(state: PoolState, view: PoolView, at: number, decision: Decision, veto: Veto | undefined, settled: boolean): Decision {
    const { settings, hooks, journal, holds, failures, actuated, gauges } = this.#parts;
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
    const cap = this.#cap(state, at);
    const said = { blocked, cap, freeze: this.#freezeOf(state.pool.id, at), hold: holds.inForce(state.pool.id, at) };
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
    state.outcomes.awaited = awaiting(state.outcomes.awaited, final, settings.step);
    state.outcomes.weights = final.demand.weights ?? {};
    this.#rollouts?.decided(state, final, actuated.has(state.pool.id), said.hold !== undefined);
    journal.append({ type: 'decision', step: at, decision: final });
    gauges.decided(final, state.held, actuated.has(state.pool.id));
    if (isTapped(hooks.decided)) hooks.decided.call(final);
    return final;
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
