import { type Hostility, LEVELS, type Observation, type Truth, type Usage } from '@auspex/contracts';
import type { Worked } from '../capacity/state.ts';
import type { EngineSettings } from '../config/schema.ts';
import { skillOf } from '../forecasting/gate.ts';
import type { SeriesState } from '../forecasting/mixer.ts';
import { learnPeak } from '../hostile/cap.ts';
import type { ClosedStep } from '../ingest/ingest.ts';
import { Outcomes } from '../outcomes/outcomes.ts';
import { learnSurge } from '../surge/assess.ts';
import { emptyUsage } from '../usage/accumulate.ts';
import { bindingOf, mostOf } from '../usage/demand.ts';
import { UsageDigest } from '../usage/digest.ts';
import { addUsage, amount, mergeUsage } from '../usage/merge.ts';
import type { CycleParts } from './parts.ts';
import { addLoad, type PoolState, sumOfLoads, total } from './pools.ts';
import { learnQuiet } from './quiet.ts';
import { isSaturated, isThrottled, stepTruth } from './truth.ts';
import type { World } from './world.ts';

/** A step whose usage stands on groups and pools. */
export interface TakenStep {
  readonly step: number;
  /** As hooks left it, with groups beyond `maxGroups` renamed: what history keeps. */
  readonly usage: readonly Usage[];
  readonly byGroup: ReadonlyMap<string, Usage[]>;
}

/** Relating every group to every other is quadratic: once a day is often enough for a habit. */
const RELATE_MS = 24 * 3_600_000;
/** Steps after which a read of a target does not count. */
const OLDEST_READ = 2;
const NO_USAGE: readonly Usage[] = Object.freeze([]);
const MEDIAN = LEVELS.indexOf(0.5);
const LOW = LEVELS.indexOf(0.1);
const HIGH = LEVELS.indexOf(0.9);

/** What closed steps teach: usage becomes load of groups and pools, what capacity hid of it is marked, and every state learns. */
export class Learning {
  digest = new UsageDigest();
  /** Step in which groups were related last, epoch ms. */
  related = Number.NEGATIVE_INFINITY;
  readonly #parts: CycleParts;
  readonly #world: World;
  readonly #outcomes: Outcomes;
  #overflowTold = false;
  /** That was taken last, epoch ms. */
  #step = Number.NaN;

  constructor(parts: CycleParts, world: World) {
    this.#parts = parts;
    this.#world = world;
    this.#outcomes = new Outcomes(parts.settings, world, parts.profile, parts.learn, parts.journal);
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
    if ((this.#world.groups.overflowed || closed.overflowed) && !this.#overflowTold) {
      this.#overflowTold = true;
      const text = `more than ${settings.maxGroups} groups: further ones are counted as "other"; raise maxGroups or choose a coarser group rule`;
      journal.append({ type: 'notice', step: step + settings.step, code: 'GROUPS_OVERFLOW', text });
      this.#parts.logger.warn({ maxGroups: settings.maxGroups }, text);
    }
    this.#step = step;
    this.digest.begin(step, closed.missing);
    for (const each of usage) this.digest.add(each);
    this.#world.truth = stepTruth(settings, step, closed.missing);
    this.#parts.gauges.closed(closed.missing, this.#world.groups.all.size);
    return { step, usage, byGroup: this.#load(usage, step) };
  }

  /** Folds a taken step into profiles, predictors and weights. */
  learn({ step, byGroup }: TakenStep): void {
    const { profile, settings, trustDemand } = this.#parts;
    const due = this.#outcomes.due(step);
    const hidden = this.#foldGroups(byGroup, step);
    this.#world.detected = [];
    this.#observePools(step, (series, observation) => this.#observe(series, observation, byGroup));
    this.#judge();
    for (const state of this.#world.pools) {
      learnSurge(state.surges, step, state.actual, state.truth, state.pool, state.total.info);
      // In an open loop the fleet has no part in what was served.
      if (!trustDemand) state.capacity.worked = workedOf(state, step, settings);
    }
    this.#world.leaders.learn(this.#world.pools, { step, truth: this.#world.truth, byGroup, hidden });
    this.#outcomes.learn(due, step);
    if (step - this.related >= RELATE_MS) {
      this.related = step;
      for (const [group, correlated] of profile.relate()) {
        const state = this.#world.groups.all.get(group);
        if (state) state.correlated = correlated;
      }
      this.#world.leaders.choose(this.#world.pools, this.#world.groups.all, step);
    }
  }

  /** Puts a step of history where training finds it, and changes nothing else. */
  remember(closed: ClosedStep): void {
    const { history, settings } = this.#parts;
    this.#recall(closed);
    this.#world.truth = stepTruth(settings, closed.step, closed.missing);
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
    return Object.fromEntries(this.#world.pools.flatMap(({ pool, ready }) => (ready === undefined ? [] : [[pool.id, ready] as const])));
  }

  /** Usage of groups that there is no room for is added to `other`. */
  #admit(usage: readonly Usage[]): readonly Usage[] {
    // Room for all, even if each of them were new: the usual case, and it costs nothing.
    if (this.#world.groups.all.size + usage.length <= this.#parts.settings.maxGroups) return usage;
    const admitted = new Map<string, Usage>();
    for (const each of usage) {
      const group = this.#world.groups.admit(each.group);
      this.#world.register(group, each.pop);
      const key = `${each.pop}\0${group}`;
      const renamed = group === each.group ? each : { ...each, group };
      const present = admitted.get(key);
      admitted.set(key, present ? mergeUsage(present, renamed) : renamed);
    }
    return [...admitted.values()];
  }

  /** @param admits a group that is not known: becomes known; false, for history = loads its pools, and nothing of its own is kept */
  #load(usage: readonly Usage[], step: number, admits = true): Map<string, Usage[]> {
    for (const state of this.#world.pools) {
      state.loads.clear();
      state.signIns = 0;
    }
    const byGroup = new Map<string, Usage[]>();
    for (const each of usage) {
      const known = admits || this.#world.groups.all.has(each.group);
      if (known) {
        const group = this.#world.register(each.group, each.pop);
        group.lastActive = step;
        const list = byGroup.get(each.group);
        if (list) list.push(each);
        else byGroup.set(each.group, [each]);
      }
      const signIns = each.kinds.counts.get('sign-in') ?? 0;
      for (const state of this.#world.index.loadedBy(each.group, each.pop)) {
        if (known && !state.members.has(each.group)) state.members.set(each.group, this.#world.member(each.group, state));
        addLoad(state, each);
        state.signIns += signIns;
      }
    }
    // Once a pool: each of its groups asks.
    const { settings, trustDemand } = this.#parts;
    for (const state of this.#world.pools)
      state.saturated = !trustDemand && isSaturated(state, total(state) / (settings.step / 1000), settings);
    return byGroup;
  }

  /** Returns the groups of which capacity hid some. */
  #foldGroups(byGroup: ReadonlyMap<string, Usage[]>, step: number): Set<string> {
    const { profile, settings } = this.#parts;
    const seconds = settings.step / 1000;
    const hidden = new Set<string>();
    for (const [group, state] of this.#world.groups.all) {
      const usage = byGroup.get(group) ?? NO_USAGE;
      const truth = this.#world.truth === 'observed' && this.#hidden(group, usage) ? 'censored' : this.#world.truth;
      if (truth === 'observed') {
        const rate = usage.reduce((sum, each) => sum + amount(each, 'requests'), 0) / seconds;
        state.level = state.level === 0 ? rate : 0.995 * state.level + 0.005 * rate;
      }
      // Nobody reads this list or its usage after the profiler.
      profile.fold(group, { step, truth, usage });
      if (truth === 'censored') hidden.add(group);
    }
    return hidden;
  }

  /** Did capacity hide this group's demand at any POP? */
  #hidden(group: string, usage: readonly Usage[]): boolean {
    return usage.some((each) =>
      this.#world.index.loadedBy(group, each.pop).some((state) => {
        const load = state.loads.get(group);
        return (load !== undefined && isThrottled(load, this.#parts.settings)) || state.saturated;
      }),
    );
  }

  /** From history, a step is judged by the units that were ready then. */
  #recall(closed: ClosedStep): void {
    if (closed.ready === undefined) {
      this.#forgetReads(closed.step);
      return;
    }
    for (const state of this.#world.pools) state.ready = closed.ready[state.pool.id];
  }

  /** What a target had ready a while ago says nothing of what hid demand in a step: a backlog is not judged by the fleet of before it. */
  #forgetReads(step: number): void {
    for (const state of this.#world.pools) {
      const { readAt } = state.capacity.lead;
      if (readAt !== null && step > readAt + OLDEST_READ * this.#parts.settings.step) state.ready = undefined;
    }
  }

  #observe(series: SeriesState, observation: Observation, byGroup: TakenStep['byGroup']): void {
    const { predict, history } = this.#parts;
    const taken = this.#world.events.take(series, observation);
    this.#detect(series, taken, byGroup);
    predict.observe(series, taken);
    history?.push(series.info, observation);
  }

  /** Scores a step as the forecast knew it: without the events that were planned. */
  #detect(series: SeriesState, observation: Observation, byGroup: TakenStep['byGroup']): void {
    const { detect, predict } = this.#parts;
    // What was learnt before is not scored again.
    if (observation.step <= series.lastStep || (series.info.scope === 'group' && !detect.serves(series.info))) return;
    const quantiles = predict.expected(series, observation.step);
    if (quantiles) this.#gauge(series, observation, quantiles);
    if (series.info.scope === 'pool') this.#listen(series, observation, quantiles?.[MEDIAN]);
    if (!detect.serves(series.info)) return;
    const usage = this.#world.truth === 'missing' ? nothing : once(() => this.#usageOf(series, byGroup, observation.step));
    this.#world.detected.push(...detect.detect(series.info, observation, quantiles?.[MEDIAN], { ...(quantiles && { quantiles }), usage }));
  }

  /** Does anybody come to a pool? Also where no detector looks at it. */
  #listen(series: SeriesState, { step, truth, value: rate }: Observation, expected: number | undefined): void {
    const state = this.#world.pools.find(({ total: own }) => own === series);
    if (!state) return;
    const { requests } = sumOfLoads(state);
    state.quiet = learnQuiet(state.quiet, { step, stepMs: series.info.stepMs, truth, requests, rate, expected });
  }

  /** Of pools alone: a group's name is no label. */
  #gauge({ info, gate }: SeriesState, { value, truth }: Observation, quantiles: Float64Array): void {
    if (info.scope !== 'pool' || truth !== 'observed') return;
    const inside = value >= (quantiles[LOW] as number) && value <= (quantiles[HIGH] as number);
    this.#parts.gauges.judged(info.name, inside, skillOf(gate, info.stepMs));
  }

  /** What loads a series in this step, as one usage of its own: nobody else is reached by what a detector does to it. */
  #usageOf({ info }: SeriesState, byGroup: TakenStep['byGroup'], step: number): Usage {
    const serves = this.#world.pools.find(({ total }) => total.info === info)?.pool.serves;
    const groups = serves ? [...byGroup.values()] : [byGroup.get(info.name) ?? NO_USAGE];
    const sum = emptyUsage(step, info.name, info.pop);
    for (const each of groups.flat()) {
      const counts = serves ? serves(each.group, each.pop) : info.pop === '*' || info.pop === each.pop;
      if (counts) addUsage(sum, each);
    }
    return sum;
  }

  /** What detectors say of each pool's surge stands with its decision; of several the one that is surest of an attack. */
  #judge(): void {
    for (const state of this.#world.pools) {
      const judged = this.#world.detected.filter(({ series, anomaly }) => series === state.total.info && anomaly.hostility);
      const chances = judged.map(({ anomaly }) => anomaly.hostility as Hostility);
      state.hostility = chances.sort((a, b) => (b.probability ?? -1) - (a.probability ?? -1))[0];
      state.capped = learnPeak(state.capped, this.#step, state.actual, state.truth, state.hostility);
    }
  }

  #observePools(step: number, take: (series: SeriesState, observation: Observation) => void): void {
    const { settings } = this.#parts;
    const seconds = settings.step / 1000;
    const observe = (series: SeriesState, value: number, truth: Truth): void => take(series, { step, value, truth });
    const seen = new Set<SeriesState>();
    const { truth } = this.#world;
    for (const state of this.#world.pools) {
      const sum = sumOfLoads(state);
      const rate = mostOf(state.measures, sum.amounts) / seconds;
      const saturated = truth === 'observed' && state.saturated;
      const censored = saturated || isThrottled(sum, settings);
      for (const [group, series] of state.members) {
        if (seen.has(series)) continue;
        seen.add(series);
        const load = state.loads.get(group);
        const hidden = saturated || (load !== undefined && isThrottled(load, settings));
        const amount = load ? mostOf(state.measures, load.amounts) : 0;
        observe(series, amount / seconds, truth === 'observed' && hidden ? 'censored' : truth);
      }
      if (truth !== 'missing') {
        state.actual = rate;
        if (state.measures.length > 1) state.binding = bindingOf(state.measures, sum.amounts).measure;
      }
      state.truth = truth === 'observed' && censored ? 'censored' : truth;
      observe(state.total, rate, state.truth);
    }
  }
}

const nothing = (): undefined => undefined;

/** Computed when it is first asked for. */
function once<T>(compute: () => T): () => T {
  let computed: { readonly value: T } | undefined;
  return () => {
    computed ??= { value: compute() };
    return computed.value;
  };
}

/** What a pool's units let through in a step; undefined where it says nothing of what they can. */
function workedOf(state: PoolState, step: number, settings: EngineSettings): Worked | undefined {
  const { pool, ready, truth, binding } = state;
  if (ready === undefined || truth === 'missing' || truth === 'masked') return undefined;
  if (binding !== undefined && binding !== pool.measure) return undefined;
  const load = sumOfLoads(state);
  // What fails fast loads nobody.
  if (load.failed > settings.throttled * load.requests) return undefined;
  // Attempts load units, whichever they are; of the other measures only first ones are counted.
  const share = load.served / Math.max(1, load.requests);
  const amount = pool.measure === 'requests' ? load.served : mostOf(state.measures, load.amounts) * share;
  return { step, ready, served: (1000 * amount) / settings.step, throttled: isThrottled(load, settings) };
}
