import type { CalendarEvent, ExpectedEvent, Forecast, Observation, Pool, SamplePaths, SeriesInfo } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import type { PoolState } from '../cycle/pools.ts';
import { isClosed } from '../forecasting/gate.ts';
import { floorOf, type SeriesState } from '../forecasting/mixer.ts';
import type { Journal } from '../journal.ts';
import type { CalendarStage } from '../stages/calendar.ts';
import { pathsWithEffects, withEffects } from './apply.ts';
import { LONGEST_MS, learntShape, logImpact, windowOf } from './effect.ts';
import { type Belief, beginBelief, expected, learn, type Shown } from './learn.ts';
import { learntText } from './notice.ts';
import {
  beliefKey,
  decodeEvents,
  EVERY,
  type EventsState,
  emptyEvents,
  encodeEvents,
  groupOf,
  kindOf,
  scopeOf,
  trackKey,
} from './state.ts';
import { beginTrack, type Effect, effectAt, observe, shownBy, type Track } from './track.ts';

/** From a mean absolute error to a standard deviation, for normal errors. */
const DEVIATION = Math.sqrt(Math.PI / 2);
/** Spread of what no event explains, log units: in what bounds it is believed, before any is known, and the outcomes that this counts as. */
const [LEAST_NOISE, MOST_NOISE, UNKNOWN_NOISE, UNKNOWN_COUNT] = [0.05, 1, 0.2, 10];
/** Share of a surprise that events may take for the rest of it to be an observation. */
const MOST_TAKEN = 0.5;
/** An effect that is none, log units. */
const SLIGHT = 0.05;
/** Log units that one step can say. */
const MOST_LOG = 5;
/** Occurrences at groups that are followed at once; further groups are expected to do what their category does. */
const MOST_TRACKS = 5_000;
/** Beliefs that are kept: those that were learnt last. */
const MOST_BELIEFS = 20_000;
/** Groups of one event that the journal tells of. */
const MOST_TOLD = 20;
const NONE: readonly ExpectedEvent[] = Object.freeze([]);
const NO_TRACKS: readonly Track[] = Object.freeze([]);

interface Settings {
  readonly step: number;
  readonly seed: number;
}

/**
 * What calendar events do to demand: learnt from each occurrence, followed while one runs, taken out of what predictors see and put back
 * into what they forecast. Without a calendar nothing of this happens.
 */
export class Events {
  #state: EventsState = emptyEvents();
  /** It has been in the store: what is gone must go there, too. */
  #stored = false;
  /** Kinds of events that beliefs are of. */
  readonly #calendar: Pick<CalendarStage, 'between' | 'isEmpty'>;
  readonly #settings: Settings;
  readonly #journal: Pick<Journal, 'append'>;
  readonly #pools: readonly PoolState[];
  /** Of this plan, by series. */
  readonly #tracks = new Map<string, readonly Track[]>();
  /** exp(effect) of the last step of each series that had an event in it. */
  readonly #factors = new Map<string, number>();
  /** Forecasts without events, by those with them. */
  readonly #bases = new WeakMap<Forecast, { readonly base: Forecast; readonly effects: readonly Effect[] }>();

  constructor(
    calendar: Pick<CalendarStage, 'between' | 'isEmpty'>,
    settings: Settings,
    journal: Pick<Journal, 'append'>,
    pools: readonly PoolState[],
  ) {
    this.#calendar = calendar;
    this.#settings = settings;
    this.#journal = journal;
    this.#pools = pools;
  }

  /** Nothing is planned and nothing runs: whatever is asked costs nothing. */
  get #idle(): boolean {
    return this.#state.plan.length === 0;
  }

  /**
   * Learns from what is over, and asks the calendars once for all that this step needs.
   *
   * @param at start of the first unknown step
   * @param again what is learnt was told in an earlier life
   */
  async plan(at: number, again = false): Promise<void> {
    if (this.#calendar.isEmpty && this.#idle && this.#state.running.size === 0) return;
    this.#tracks.clear();
    for (const [key, track] of this.#state.running) {
      if (windowOf(track.event).to > at) continue;
      this.#state.running.delete(key);
      this.#learn(track, at, again);
    }
    // Without calendars, as where a store is only tidied, what was planned last stands.
    if (this.#calendar.isEmpty) return;
    const lead = Math.max(...this.#pools.map(({ pool }) => pool.leadTimeMs));
    const { step } = this.#settings;
    const reach = at + lead + 2 * step;
    const planned = await this.#calendar.between(at - LONGEST_MS, reach + LONGEST_MS);
    // Of those near, the ones that can matter to this step or to a forecast of it: each is asked about for every series.
    this.#state.plan = planned.filter((event) => {
      const { from, to } = windowOf(event);
      return to > at - 2 * step && from < reach + step;
    });
    if (this.#idle) this.#factors.clear();
  }

  /** The effects that matter for a series at this plan. */
  #tracksOf(series: SeriesInfo): readonly Track[] {
    if (this.#idle) return NO_TRACKS;
    let tracks = this.#tracks.get(series.id);
    if (!tracks) {
      tracks = this.#state.plan.filter((event) => this.#concerns(event, series)).map((event) => this.#track(event, series));
      this.#tracks.set(series.id, tracks);
    }
    return tracks;
  }

  #track(event: CalendarEvent, series: SeriesInfo): Track {
    const running = this.#state.running.get(trackKey(event, series.id));
    if (!running) return beginTrack(event, series, this.#belief(event, series));
    running.event = event;
    return running;
  }

  #concerns({ groups, pops }: CalendarEvent, { scope, name, pop }: SeriesInfo): boolean {
    if (pops !== undefined && pop !== '*' && !pops.includes(pop)) return false;
    if (groups === undefined) return true;
    if (scope === 'group') return groups.includes(name);
    const pool = this.#poolOf(name)?.pool as Pool;
    return groups.some((group) => pool.serves(group, pop));
  }

  #poolOf(id: string): PoolState | undefined {
    return this.#pools.find(({ pool }) => pool.id === id);
  }

  /** What is believed of an event at a series: its own, else that of its kind, else what is given. */
  #belief(event: CalendarEvent, series: SeriesInfo): Belief {
    const kind = kindOf(event);
    const given = this.#given(event, series);
    const own = this.#state.beliefs.get(beliefKey(kind, series.id));
    if (own) return expected(own, given);
    return beginBelief(this.#state.beliefs.get(beliefKey(kind, EVERY[series.scope])), given, event.shape !== undefined);
  }

  /** The given impact at a series, log units: at a pool that of the groups concerned, by their share of it. */
  #given({ impact, groups }: CalendarEvent, { scope, name }: SeriesInfo): number | undefined {
    if (impact === undefined) return undefined;
    if (scope === 'group' || groups === undefined) return logImpact(impact);
    let concerned = 0;
    let whole = 0;
    for (const [group, { level }] of this.#poolOf(name)?.members ?? []) {
      whole += level;
      if (groups.includes(group)) concerned += level;
    }
    return logImpact(whole > 0 ? (impact * concerned) / whole : impact);
  }

  /** Learns one closed step of a series. Returns it as predictors are to see it: as if no event had been. */
  take(series: SeriesState, observation: Observation): Observation {
    // What was learnt before is not learnt again.
    if (this.#idle || observation.step <= series.lastStep) return observation;
    const { info } = series;
    const { step, value, truth } = observation;
    const tracks = this.#tracksOf(info).filter(({ event }) => overlaps(event, step, step + info.stepMs));
    if (tracks.length === 0) {
      this.#factors.delete(info.id);
      return observation;
    }
    const kept = tracks.filter((track) => this.#keep(track, info));
    const known = (truth === 'observed' || truth === 'censored') && Number.isFinite(value) && value >= 0;
    const z = known ? relative(series, step, value) : undefined;
    const taken = observe(kept, step, info.stepMs, z, noiseOf(series) ** 2, truth === 'censored');
    const effect = this.#effect(tracks, step, info.stepMs).mean;
    const factor = Math.exp(effect);
    this.#factors.set(info.id, factor);
    if (!known) return observation;
    // How much was hidden of the event and how much of the rest cannot be told: a bound of both together is none of the rest. And where the
    // event took most of what was not expected, what is left is the forecast itself: who learnt from it would believe in himself.
    const hidden = truth === 'censored' && Math.abs(effect) > SLIGHT;
    return { step, value: value / factor, truth: hidden || taken > MOST_TAKEN ? 'masked' : truth };
  }

  #keep(track: Track, info: SeriesInfo): boolean {
    const { running } = this.#state;
    const key = trackKey(track.event, info.id);
    if (running.has(key)) return true;
    if (info.scope === 'group' && running.size >= MOST_TRACKS) return false;
    running.set(key, track);
    return true;
  }

  #effect(tracks: readonly Track[], step: number, stepMs: number): Effect {
    let mean = 0;
    let variance = 0;
    for (const track of tracks) {
      if (!overlaps(track.event, step, step + stepMs)) continue;
      const effect = effectAt(track, step, stepMs);
      mean += effect.mean;
      variance += effect.variance;
    }
    return { mean, variance };
  }

  /** The last rate that was seen of a series, as it was. */
  seen({ info, last }: SeriesState): number | undefined {
    return last === undefined ? undefined : last * (this.#factors.get(info.id) ?? 1);
  }

  /** A forecast with the events that lie in its horizon. */
  apply(series: SeriesState, base: Forecast): Forecast {
    if (this.#idle) return base;
    const { info } = series;
    const { origin, stepMs, horizon } = base;
    const end = origin + (horizon.at(-1) as number) * stepMs;
    const tracks = this.#tracksOf(info).filter(({ event }) => overlaps(event, origin, end));
    if (tracks.length === 0) return base;
    const effects = horizon.map((ahead) => this.#effect(tracks, origin + (ahead - 1) * stepMs, stepMs));
    if (effects.every(({ mean, variance }) => mean === 0 && variance === 0)) return base;
    const forecast = withEffects(base, effects, floorOf(series));
    this.#bases.set(forecast, { base, effects });
    return forecast;
  }

  /** Sample paths of a forecast that `apply` made. */
  paths(forecast: Forecast, draw: (base: Forecast) => SamplePaths): SamplePaths {
    const known = this.#bases.get(forecast);
    if (!known) return draw(forecast);
    const random = new SeededRandom(`${this.#settings.seed}/events/${forecast.series}/${forecast.origin}`);
    return pathsWithEffects(draw(known.base), known.effects, random);
  }

  /**
   * Events that run at the lead time or before, or are felt there, with the impact that is expected while an order of now is the last.
   *
   * @param at the decision's step, epoch ms
   */
  expected({ info }: SeriesState, pool: Pool, at: number): readonly ExpectedEvent[] {
    if (this.#idle) return NONE;
    const lead = at + pool.leadTimeMs;
    const reach = lead + info.stepMs;
    const found: ExpectedEvent[] = [];
    for (const track of this.#tracksOf(info)) {
      const { event, prior } = track;
      const effect = strongest(track, lead, info.stepMs);
      if (!(event.start < reach && event.end > at) && Math.abs(effect) < 0.01) continue;
      const shape = event.shape ?? (prior.seen > 0 ? learntShape(event, prior.shape) : undefined);
      // Twelve digits: what was given comes back as it was.
      found.push({ ...event, impact: Number(Math.expm1(effect).toPrecision(12)), ...(shape && { shape }) });
    }
    return found.length === 0 ? NONE : Object.freeze(found);
  }

  #learn(track: Track, at: number, again: boolean): void {
    const { event, series, scope, prior } = track;
    const shown = shownBy(track, this.#settings.step, windowOf(event).to);
    if (!shown) return;
    const { beliefs } = this.#state;
    const kind = kindOf(event);
    const given = prior.given ?? undefined;
    const own = beliefs.get(beliefKey(kind, series));
    const learnt = learn(own ? expected(own, given) : prior, shown);
    this.#put(kind, series, learnt);
    const common = beliefs.get(beliefKey(kind, EVERY[scope]));
    const before = common ? expected(common, given) : beginBelief(undefined, given, event.shape !== undefined);
    this.#put(kind, EVERY[scope], learn(before, shown, true));
    if (!again) this.#tell(track, shown, learnt, at);
  }

  /** The least lately learnt goes first: a map keeps the order of what is put. */
  #put(kind: string, scope: string, belief: Belief): void {
    const { beliefs } = this.#state;
    const key = beliefKey(kind, scope);
    beliefs.delete(key);
    beliefs.set(key, belief);
    if (beliefs.size <= MOST_BELIEFS) return;
    // Never those of pools and of all: a yearly sale is the oldest of them, and what the next one rests on.
    for (const each of beliefs.keys()) {
      const of = scopeOf(each);
      if (of === EVERY.group || of === EVERY.pool || of.startsWith('pool:')) continue;
      beliefs.delete(each);
      return;
    }
  }

  #tell({ event, series, scope, prior }: Track, shown: Shown, learnt: Belief, at: number): void {
    const named = event.groups !== undefined && event.groups.length <= MOST_TOLD;
    if (scope === 'group' && !named) return;
    const where = scope === 'pool' ? `pool ${series.slice('pool:'.length)}` : series.slice(0, series.lastIndexOf('/')).replace(/@\*$/, '');
    this.#journal.append({ type: 'notice', step: at, code: 'EVENT_LEARNT', text: learntText(event, where, shown, prior, learnt) });
  }

  /** Drops a group's series, and its name. */
  forget(group: string, series: readonly string[]): void {
    const { beliefs, running, plan } = this.#state;
    this.#tracks.clear();
    for (const id of series) this.#factors.delete(id);
    // Also those of pools that the config no longer has.
    for (const key of beliefs.keys()) if (groupOf(scopeOf(key)) === group) beliefs.delete(key);
    for (const [key, track] of running) if (groupOf(track.series) === group) running.delete(key);
    const without = (event: CalendarEvent): CalendarEvent =>
      event.groups?.includes(group) ? { ...event, groups: event.groups.filter((each) => each !== group) } : event;
    this.#state.plan = plan.map(without);
    for (const track of running.values()) track.event = without(track.event);
  }

  /** Undefined where there never was anything to keep. */
  encode(): Uint8Array | undefined {
    const { plan, beliefs, running } = this.#state;
    if (!this.#stored && plan.length + beliefs.size + running.size === 0) return undefined;
    this.#stored = true;
    return encodeEvents(this.#state);
  }

  /** @throws on bytes that `encode` did not write */
  decode(bytes: Uint8Array): void {
    this.#stored = true;
    this.#state = decodeEvents(bytes);
    this.#tracks.clear();
  }
}

function overlaps(event: CalendarEvent, from: number, to: number): boolean {
  const window = windowOf(event);
  return window.from < to && window.to > from;
}

/** Log of a step's demand relative to what was forecast for it a step before, events apart; undefined where nothing was. */
function relative(series: SeriesState, step: number, value: number): number | undefined {
  const { pending, gate, info } = series;
  const origin = Math.round(step / info.stepMs);
  const forecast = pending.block(origin) >= 0 && !isClosed(gate) ? pending.medianAt(origin, 0) : pending.lastAt(origin);
  if (Number.isNaN(forecast)) return undefined;
  const floor = floorOf(series);
  return Math.max(-MOST_LOG, Math.min(MOST_LOG, Math.log((value + floor) / (forecast + floor))));
}

/** Standard deviation of what no event explains, log units: how far the median a step ahead has been off. */
function noiseOf({ conformal, gate }: Pick<SeriesState, 'conformal' | 'gate'>): number {
  const count = gate.seen[0] as number;
  const seen = DEVIATION * (conformal.scale[0] as number);
  const noise = (UNKNOWN_COUNT * UNKNOWN_NOISE + count * seen) / (UNKNOWN_COUNT + count);
  return Math.max(LEAST_NOISE, Math.min(MOST_NOISE, noise));
}

/** The strongest effect while an order of now is the last one to serve: from the lead time on, two steps. */
function strongest(track: Track, lead: number, stepMs: number): number {
  const first = Math.floor(lead / stepMs) * stepMs;
  const effects = [first, first + stepMs].map((step) => effectAt(track, step, stepMs).mean);
  return effects.reduce((most, effect) => (Math.abs(effect) > Math.abs(most) ? effect : most), 0);
}
