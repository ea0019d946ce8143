import { formatDuration, type Logger, type Measure } from '@auspex/contracts';
import type { EngineSettings } from '../config/schema.ts';
import type { PoolState } from '../cycle/pools.ts';
import type { Journal } from '../journal.ts';
import { leadRange, seen } from './lead-time.ts';
import type { Sample } from './samples.ts';
import type { Size } from './state.ts';
import { rateRange, servedBy } from './unit-rate.ts';

/** What differs by less is not worth a word. */
const DRIFT = 0.1;
/** A learnt lead time goes down, short of the configured one, only below this share of what is gone by: p90s of few orders move up and down. */
const SHRINK = 0.75;
/** Steps between reads after which what was ordered before them is not waited for. */
const LONGEST_GAP = 5;
/** Most that what is learnt may be off what is configured: beyond it somebody has to look. */
const MOST_OFF = 4;

const UNIT: Readonly<Record<Measure, string>> = { requests: 'requests/s', work: 'work/s', bytes: 'B/s', sessions: 'sessions/s' };

/** What moves: said in the journal, and used where the pool's config lets it. */
interface Drift {
  readonly of: 'leadTimeMs' | 'unitRate';
  readonly code: string;
  readonly text: string;
  readonly value: number;
  readonly used: boolean;
}

/** Learns, for every pool, how long ordered units take and what a unit serves, and compares that with what the pool goes by. */
export class CapacityLearning {
  readonly #settings: EngineSettings;
  readonly #journal: Journal;
  readonly #logger: Logger;
  readonly #resize: (state: PoolState, size: Size) => void;

  /** @param resize makes the pool go by another size */
  constructor(settings: EngineSettings, journal: Journal, logger: Logger, resize: (state: PoolState, size: Size) => void) {
    this.#settings = settings;
    this.#journal = journal;
    this.#logger = logger;
    this.#resize = resize;
  }

  /** Takes the read of the pool's target in that the decision of `at` went by. What it changes holds from the next decision on. */
  read(state: PoolState, at: number, ready: number): void {
    const { capacity, pool } = state;
    this.#work(state, at, ready);
    // A floor lapses, and an operator may have been at work meanwhile.
    const forgetMs = Math.max(LONGEST_GAP * this.#settings.step, pool.leadTimeMs);
    const { state: lead, changed, missing, found } = seen(capacity.lead, at, ready, pool.leadTimeMs, forgetMs);
    capacity.lead = lead;
    if (changed) this.#say(state, at, 'LEAD_TIME_CHANGED', 'orders take another time than they did: the lead time is learnt anew');
    const late = missing.at(-1);
    if (late) {
      const text = `${late.units} units were ordered ${formatDuration(at - late.at)} ago and ${ready} are ready: a quota, no room, or units that do not become ready?`;
      this.#say(state, at, 'UNITS_MISSING', text);
    }
    const come = found.at(-1);
    if (come) this.#say(state, at, 'UNITS_FOUND', `the ${come.units} units are ready, ${formatDuration(at - come.at)} after their order`);
    this.#compare(state, at);
  }

  /** The step that ended at `at`, with the units that were ready at both of its ends. */
  #work(state: PoolState, at: number, ready: number): void {
    const { capacity } = state;
    const { worked } = capacity;
    capacity.worked = undefined;
    if (!worked || worked.step !== at - this.#settings.step || Math.max(worked.ready, ready) === 0) return;
    const served = worked.served / Math.max(worked.ready, ready);
    const { state: rates, changed } = servedBy(capacity.rates, worked.step, served, worked.throttled);
    capacity.rates = rates;
    if (changed) this.#say(state, at, 'UNIT_RATE_CHANGED', 'full units serve another rate than they did: it is learnt anew');
  }

  #compare(state: PoolState, at: number): void {
    const { capacity, pool } = state;
    const next = { leadTimeMs: pool.leadTimeMs, unitRate: pool.unitRate };
    for (const { of, value, used, code, text } of [...this.#leadDrift(state), ...this.#rateDrift(state)]) {
      const told = capacity.told[of];
      if (used) next[of] = value;
      else if (told !== null && !differs(value, told)) continue;
      capacity.told[of] = used ? null : value;
      this.#say(state, at, code, text);
    }
    if (next.leadTimeMs !== pool.leadTimeMs || next.unitRate !== pool.unitRate) this.#resize(state, next);
  }

  #leadDrift({ capacity, configured, pool }: PoolState): Drift[] {
    const range = leadRange(capacity.lead);
    if (!range) return [];
    const of = 'leadTimeMs' as const;
    const { length } = capacity.lead.samples.kept;
    const most = MOST_OFF * Math.max(configured.leadTimeMs, this.#settings.step);
    const near = Math.min(inside(configured.leadTimeMs, range), most);
    // Where it is as configured it is that, to the millisecond.
    const value = near === configured.leadTimeMs ? near : Math.ceil(near / 1000) * 1000;
    const within = near === most ? `${formatDuration(range.lo)} or more` : formatDuration(value);
    const seen = `9 of 10 orders were ready within ${within} (the last ${length}), and decisions go by ${formatDuration(pool.leadTimeMs)}`;
    // What came soon on good days is no promise for the day on which there is no room: to go below the config is for the operator.
    const safe = Math.max(value, configured.leadTimeMs);
    const moved =
      safe > pool.leadTimeMs ? differs(safe, pool.leadTimeMs) : safe < SHRINK * pool.leadTimeMs || safe === configured.leadTimeMs;
    if (this.#learns(pool.id, 'leadTime') && safe !== pool.leadTimeMs && moved)
      return [{ of, code: 'LEAD_TIME_LEARNT', text: `${seen}: from now on by ${formatDuration(safe)}`, value: safe, used: true }];
    if (!differs(value, pool.leadTimeMs) || (this.#learns(pool.id, 'leadTime') && value > configured.leadTimeMs)) return [];
    return [
      { of, code: 'LEAD_TIME_DRIFT', text: `${seen}; \`leadTime: ${formatDuration(value)}\` makes them go by it`, value, used: false },
    ];
  }

  #rateDrift({ capacity, configured, pool }: PoolState): Drift[] {
    const range = rateRange(capacity.rates);
    if (!range) return [];
    const of = 'unitRate' as const;
    const near = inside(configured.unitRate, range);
    const value = Number(Math.min(Math.max(near, configured.unitRate / MOST_OFF), configured.unitRate * MOST_OFF).toPrecision(3));
    if (!differs(value, pool.unitRate)) return [];
    const unit = UNIT[pool.measure];
    const full = Number.isFinite(range.hi);
    const seen = full ? 'turned demand away at' : 'served, without turning any away, up to';
    const what = `units ${seen} ${Number(near.toPrecision(3))} ${unit} each, and decisions go by ${pool.unitRate}`;
    // That they can do more is not that they can do it for long: only what they did when they were full is gone by.
    if (full && this.#learns(pool.id, 'unitRate'))
      return [{ of, code: 'UNIT_RATE_LEARNT', text: `${what}: from now on by ${value}`, value, used: true }];
    const how = full ? `\`unitRate: ${value}\` or \`learn: { unitRate: use }\` makes` : `\`unitRate: ${value}\` makes`;
    return [{ of, code: 'UNIT_RATE_DRIFT', text: `${what}; ${how} them go by it`, value, used: false }];
  }

  #learns(pool: string, what: 'leadTime' | 'unitRate'): boolean {
    return this.#settings.pools.find(({ id }) => id === pool)?.learn[what] === 'use';
  }

  #say({ pool }: PoolState, at: number, code: string, text: string): void {
    this.#journal.append({ type: 'notice', step: at, code, text: `${pool.id}: ${text}` });
    this.#logger.warn({ pool: pool.id, code }, text);
  }
}

/** What is configured where it may be so, else what is nearest to it of what was seen. */
function inside(configured: number, { lo, hi }: Sample): number {
  return Math.min(Math.max(configured, lo), Math.max(lo, hi));
}

function differs(value: number, from: number): boolean {
  return Math.abs(value - from) > DRIFT * from;
}
