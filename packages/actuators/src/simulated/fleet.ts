import type { Random } from '@auspex/contracts';
import { type AutoscalerOptions, beginAutoscaler, recommend } from './autoscaler.ts';
import { type Delay, drawDelay } from './delay.ts';

/** How the units of one pool come and go. Times in milliseconds. */
export interface FleetOptions {
  /** Units that serve, warm, before the first order. */
  readonly initial: number;
  /** Time from order to ready. */
  readonly delay: Delay;
  /** Share of unit orders that never become ready, 0 .. <1; each is given up and ordered anew after `failureAfter`. Default 0. */
  readonly failureRate?: number;
  /** Default 10 minutes. */
  readonly failureAfter?: number;
  /** A new unit serves only `share` of its rate for its first `ms`. Default: none. */
  readonly warmUp?: { readonly ms: number; readonly share: number };
  /** A reactive autoscaler beside whoever orders: an order is then a floor under it. Default: none. */
  readonly autoscaler?: AutoscalerOptions;
}

/** Units with one fate: ordered together, ready at the same time. */
interface Batch {
  readonly readyAt: number;
  units: number;
}

/**
 * A simulated pool: what is ordered, what is on its way, what serves. Times are epoch milliseconds and never run
 * backwards: an earlier time than one already seen reads as that one.
 *
 * - An order of more units adds pending ones, ready after the delay.
 * - An order of fewer cancels pending units, youngest first, then removes ready ones at once, the last that became ready first.
 *
 * With a fixed delay, no failures and no warm-up this is `World.run` of the reference simulator, minute for minute.
 * An order that expires is a floor: when it is not renewed, the fleet goes back to what its autoscaler wants, or else to what was ordered
 * before the first such order.
 *
 * Chance is drawn when units are ordered, so how often the fleet is looked at changes nothing.
 */
export class Fleet {
  readonly #options: Required<Omit<FleetOptions, 'initial' | 'autoscaler'>>;
  readonly #scaler: { readonly options: AutoscalerOptions; state: ReturnType<typeof beginAutoscaler> } | undefined;
  readonly #random: Random;
  #now = Number.NEGATIVE_INFINITY;
  #ordered: number;
  /** In order of ordering. */
  #pending: Batch[] = [];
  /** In order of becoming ready; the first entry holds the initial units. */
  #ready: Batch[];
  #failures = 0;
  /** What is there without a floor. */
  #own: number;
  #floor: { readonly units: number; readonly expires: number } | undefined;

  /** @param random only drawn from for a random delay or failures */
  constructor(options: FleetOptions, random: Random) {
    this.#options = { failureRate: 0, failureAfter: 600_000, warmUp: { ms: 0, share: 1 }, ...options };
    this.#random = random;
    this.#ordered = options.initial;
    this.#own = options.initial;
    this.#scaler = options.autoscaler && { options: options.autoscaler, state: beginAutoscaler() };
    this.#ready = [{ readyAt: Number.NEGATIVE_INFINITY, units: options.initial }];
  }

  /** Units ordered: ready and pending together. */
  get ordered(): number {
    return this.#ordered;
  }

  /** Unit orders that failed so far and were repeated. */
  get failures(): number {
    return this.#failures;
  }

  /** Units of the floor that is in force; without one, all that are ordered. */
  get held(): number {
    return this.#floor?.units ?? this.#ordered;
  }

  /**
   * Sets the number of ordered units from `at` on; with an autoscaler beside it, the floor under that.
   * @param expires when it lapses unless a later order comes, epoch ms; undefined = never
   */
  order(at: number, units: number, expires?: number): void {
    if (!Number.isInteger(units) || units < 0) throw new RangeError(`a fleet holds whole units, not ${units}`);
    this.advance(at);
    if (expires === undefined && !this.#scaler) {
      this.#own = units;
      this.#floor = undefined;
    } else this.#floor = { units, expires: expires ?? Number.POSITIVE_INFINITY };
    // One that comes too late has lapsed already.
    if (!this.#lapse()) this.#settle();
  }

  /**
   * Tells the autoscaler, if there is one, what is wanted: demand in units that are wholly busy. It sees no more than the ready units can
   * serve, as a use of at most 100 %.
   */
  demand(at: number, busy: number): void {
    if (!this.#scaler) return;
    const ready = this.ready(at);
    const { state, units } = recommend(this.#scaler.state, at, Math.min(busy, ready), ready, this.#own, this.#scaler.options);
    this.#scaler.state = state;
    this.#own = units;
    this.#settle();
  }

  /** Brings the fleet to the higher of what is its own and the floor; without an autoscaler the floor alone counts. */
  #settle(): void {
    const floor = this.#floor?.units;
    this.#set(this.#scaler ? Math.max(this.#own, floor ?? 0) : (floor ?? this.#own));
  }

  #lapse(): boolean {
    if (!this.#floor || this.#floor.expires > this.#now) return false;
    this.#floor = undefined;
    this.#settle();
    return true;
  }

  #set(units: number): void {
    if (units > this.#ordered) this.#add(units - this.#ordered);
    else this.#remove(this.#ordered - units);
    this.#ordered = units;
    // Without a delay the new units are ready in this very instant.
    this.#mature();
  }

  /** Lets time pass: units that became ready serve. */
  advance(at: number): void {
    if (at <= this.#now) return;
    // At its time, not when somebody looks: how often the fleet is looked at changes nothing.
    const lapses = this.#floor?.expires;
    if (lapses !== undefined && lapses > this.#now && lapses < at) this.advance(lapses);
    this.#now = at;
    this.#mature();
    this.#lapse();
  }

  /** Units that serve at `at`. */
  ready(at: number): number {
    this.advance(at);
    return this.#ready.reduce((sum, batch) => sum + batch.units, 0);
  }

  /** What serves at `at`, in fully warm units. */
  capacity(at: number): number {
    this.advance(at);
    const { ms, share } = this.#options.warmUp;
    return this.#ready.reduce((sum, batch) => sum + batch.units * (this.#now < batch.readyAt + ms ? share : 1), 0);
  }

  #add(units: number): void {
    if (typeof this.#options.delay === 'number' && this.#options.failureRate === 0) {
      this.#pending.push({ readyAt: this.#now + this.#options.delay, units });
      return;
    }
    for (let unit = 0; unit < units; unit++) this.#pending.push({ readyAt: this.#now + this.#draw(), units: 1 });
  }

  /** Time until one unit is ready, its failed attempts included. */
  #draw(): number {
    let lost = 0;
    while (this.#options.failureRate > 0 && this.#random.next() < this.#options.failureRate) {
      this.#failures++;
      lost += this.#options.failureAfter;
    }
    return lost + drawDelay(this.#options.delay, this.#random);
  }

  #remove(units: number): void {
    const left = takeLast(this.#pending, units);
    takeLast(this.#ready, left);
  }

  #mature(): void {
    if (!this.#pending.some((batch) => batch.readyAt <= this.#now)) return;
    const due = this.#pending.filter((batch) => batch.readyAt <= this.#now).sort((a, b) => a.readyAt - b.readyAt);
    this.#pending = this.#pending.filter((batch) => batch.readyAt > this.#now);
    this.#ready.push(...due);
    this.#forgetWarm();
  }

  /** Batches that are warm are alike: one entry holds them all, so that a long replay does not grow. */
  #forgetWarm(): void {
    const warm = (batch: Batch): boolean => batch.readyAt + this.#options.warmUp.ms <= this.#now;
    const count = this.#ready.findIndex((batch) => !warm(batch));
    const merged = this.#ready.splice(0, count < 0 ? this.#ready.length : count);
    this.#ready.unshift({ readyAt: Number.NEGATIVE_INFINITY, units: merged.reduce((sum, batch) => sum + batch.units, 0) });
  }
}

/** Takes `units` from the end of a list of batches, in place. Returns how many it could not take. */
function takeLast(batches: Batch[], units: number): number {
  let left = units;
  while (left > 0) {
    const last = batches.at(-1);
    if (!last) break;
    const taken = Math.min(left, last.units);
    last.units -= taken;
    left -= taken;
    if (last.units === 0) batches.pop();
  }
  return left;
}
