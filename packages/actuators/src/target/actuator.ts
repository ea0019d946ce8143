import type { Actuator, Order, PluginContext, Receipt, Restored, TargetState } from '@auspex/contracts';
import { Epochs } from './epochs.ts';
import { Refused } from './errors.ts';
import { Retry } from './retry.ts';
import type { Mark, Status, Target } from './target.ts';

/** How far the target's clock may be ahead of ours when it ends a floor by itself. Shorter than what is left of a floor when the next order is due. */
const SKEW_MS = 10_000;

/** Epochs are counted by the store: a new one begins at the beginning. */
const OTHER_STORE = ', or the store is another one than that of the last order: then remove the record of Auspex at the target';

/** What an actuator over a target has to know. Durations in milliseconds. */
export interface OverOptions {
  /** Its id, for the log and for metrics. */
  readonly plugin: string;
  /** For how long what may succeed later is asked again. */
  readonly patience: number;
  /** How long units that somebody else has set are left alone. */
  readonly handsOff: number;
  /**
   * Whether units other than those set are somebody else's doing. Default true. False for targets whose units may fall by themselves, such as hosts
   * that die: they see to it part by part.
   */
  readonly watchful?: boolean;
}

/**
 * An actuator over a target: what is the same for all of them. An order is looked at in this order: shadow, epoch, bounds, key, changes by
 * others, then what it comes to: in `floor` control the higher of the order and the original, never more than the target itself allows. Orders of a pool wait for
 * each other, also where an answer is late.
 */
export function actuatorOver<S extends Status>(target: Target<S>, options: OverOptions, context: PluginContext): Actuator {
  return new ActuatorOver(target, options, context);
}

class ActuatorOver<S extends Status> implements Actuator {
  readonly #target: Target<S>;
  readonly #options: OverOptions;
  readonly #context: PluginContext;
  readonly #retry: Retry;
  readonly #epochs: Epochs;
  /** What is under way, by pool. */
  readonly #queue = new Map<string, Promise<unknown>>();

  constructor(target: Target<S>, options: OverOptions, context: PluginContext) {
    this.#target = target;
    this.#options = options;
    this.#context = context;
    this.#retry = new Retry(options.plugin, options.patience, context);
    this.#epochs = new Epochs(context.store);
  }

  actuate(order: Order, signal: AbortSignal): Promise<Receipt> {
    return this.#alone(order.pool, async () => {
      // First of all: a shadow leaves no trace, neither at the target nor in the store.
      if (order.shadow) return receipt(order, 'shadow', await this.#status(order.pool, signal));
      signal.throwIfAborted();
      const held = await this.#epochs.raise(order.pool, order.epoch);
      try {
        if (order.epoch < held) throw older(order.epoch, held);
        const wrong = outside(order);
        if (wrong !== undefined) throw new Refused(wrong);
        const attempt = { sent: false };
        return await this.#retry.run(() => this.#only(order.pool, () => this.#carryOut(order, attempt, signal)), signal);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        // Read once: the reason must not be lost while a target is asked again. One that refuses to be read is not Auspex's: nothing is known of it.
        const state = await this.#target.status(order.pool, signal).catch(() => ({ units: 0, ready: 0 }));
        const { message, leftUntil } = error;
        return { ...receipt(order, 'refused', state, message), ...(leftUntil !== undefined && { leftUntil }) };
      }
    });
  }

  read(pool: string, signal: AbortSignal): Promise<TargetState> {
    this.#context.meter.count('auspex_actuator_foreign_changes_total', 0, { plugin: this.#options.plugin, pool });
    return this.#alone(pool, async () => {
      const { units, ready } = await this.#status(pool, signal);
      return { units, ready };
    });
  }

  restore(pool: string, signal: AbortSignal): Promise<Restored | undefined> {
    let sent: Restored | undefined;
    const ranOut = async (): Promise<{ status: S; mark: Mark; expired: number } | undefined> => {
      const status = await this.#target.status(pool, signal);
      const { mark } = status;
      // An earlier try took it away, and its answer was lost: `sent` is what came of it.
      if (!mark) return undefined;
      sent = undefined;
      const { expires: expired } = mark;
      // A keeper whose clock is ahead must not end the floors of an engine that lives.
      return expired === undefined || expired + SKEW_MS > this.#context.clock.now() ? undefined : { status, mark, expired };
    };
    const bringBack = async (): Promise<Restored | undefined> => {
      const found = await ranOut();
      if (!found) return sent;
      const { status, mark, expired } = found;
      // What somebody else has set meanwhile is theirs: only the record goes.
      const ours = this.#isOurs(status, mark);
      // What the target keeps now, such as by a disruption budget, goes later: the record stays until all has gone.
      const units = ours ? Math.max(mark.original, Math.min(status.least ?? 0, status.units)) : status.units;
      const rest = ours && units > mark.original ? { ...mark, units } : undefined;
      if (rest && units === status.units) return undefined;
      sent = { pool, from: status.units, units, expired };
      await this.#target.scale(pool, { units, status, ...(rest && { mark: rest }) }, signal);
      return sent;
    };
    return this.#alone(pool, () =>
      this.#retry.run(async () => {
        await this.#target.finish?.(pool, signal);
        // Looked at first without keeping the engine out, which has something to do each time.
        if (this.#target.alone && !(await ranOut())) return sent;
        return this.#only(pool, bringBack);
      }, signal),
    );
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#queue.values());
    await this.#target.close?.();
  }

  /** @param attempt whether an earlier try of this call has written: its answer, or what was read after it, may have been lost */
  async #carryOut(order: Order, attempt: { sent: boolean }, signal: AbortSignal): Promise<Receipt> {
    const { pool, step, epoch, expires } = order;
    const { clock } = this.#context;
    const status = await this.#target.status(pool, signal);
    const { mark } = status;
    if (mark) {
      if (epoch < mark.epoch) throw older(epoch, mark.epoch, OTHER_STORE);
      // A new leader is not silenced by the old one's clock: units are absolute, so what it repeats changes nothing.
      if (epoch === mark.epoch && (step < mark.step || (step === mark.step && status.units === mark.units))) {
        const mine = attempt.sent && step === mark.step;
        return receipt(order, mine ? 'applied' : 'duplicate', status, mine ? status.detail : undefined);
      }
      if (!this.#isOurs(status, mark)) await this.#leaveAlone(order, status, mark, signal);
      if (mark.handsOff !== undefined && mark.handsOff > clock.now()) {
        throw new Refused(`somebody else set ${mark.original}: left alone until ${iso(mark.handsOff)}`, { leftUntil: mark.handsOff });
      }
    }
    // An order may have waited for the one before it, or for the target: a keeper would only have to undo it.
    if (expires !== undefined && expires <= clock.now()) throw new Refused(`the floor ran out at ${iso(expires)}, before it could be set`);
    const original = mark?.original ?? status.base ?? status.units;
    // A floor never lowers what was there before it.
    const wanted = expires === undefined ? order.units : Math.max(order.units, original);
    const units = within(wanted, status, order);
    const next: Mark = { units, original, step, epoch, ...(expires === undefined ? {} : { expires }) };
    attempt.sent = true;
    await this.#target.scale(pool, { units, mark: next, status, order }, signal);
    const after = await this.#target.status(pool, signal);
    return receipt(order, 'applied', after, cut(wanted, units, status) ?? after.detail);
  }

  /** Nobody else has set the units: they are what Auspex set, or were when a write was lost, or the original after a floor ran out. */
  #isOurs({ units }: Status, mark: Mark): boolean {
    if (this.#options.watchful === false) return true;
    if (units === mark.units || units === mark.was) return true;
    return mark.expires !== undefined && mark.expires - SKEW_MS <= this.#context.clock.now() && units === mark.original;
  }

  async #leaveAlone(order: Order, status: S, mark: Mark, signal: AbortSignal): Promise<void> {
    const { clock, logger, meter } = this.#context;
    const { plugin, handsOff } = this.#options;
    // Of a floor nothing is left that a keeper would have to end.
    const { was: _, expires: __, ...rest } = mark;
    const until = clock.now() + handsOff;
    const next = { ...rest, units: status.units, original: status.units, step: order.step, epoch: order.epoch, handsOff: until };
    await this.#target.scale(order.pool, { units: status.units, mark: next, status, order }, signal);
    meter.count('auspex_actuator_foreign_changes_total', 1, { plugin, pool: order.pool });
    logger.warn(
      { plugin, pool: order.pool, set: mark.units, found: status.units, until: iso(until) },
      'units were set by somebody else: left alone',
    );
    throw new Refused(`somebody else set ${status.units} where Auspex had set ${mark.units}: left alone until ${iso(until)}`, {
      leftUntil: until,
    });
  }

  /** No other process changes the pool meanwhile, where the target does not see to that itself. */
  #only<T>(pool: string, act: () => Promise<T>): Promise<T> {
    return this.#target.alone ? this.#target.alone(pool, act) : act();
  }

  #status(pool: string, signal: AbortSignal): Promise<S> {
    return this.#retry.run(() => this.#target.status(pool, signal), signal);
  }

  /** One at a time a pool: an answer that is late must not change what a later order has set. */
  #alone<T>(pool: string, act: () => Promise<T>): Promise<T> {
    const before = this.#queue.get(pool) ?? Promise.resolve();
    const mine = before.then(act, act);
    this.#queue.set(pool, mine);
    const done = (): void => {
      if (this.#queue.get(pool) === mine) this.#queue.delete(pool);
    };
    mine.then(done, done);
    return mine;
  }
}

function receipt({ key, pool }: Order, status: Receipt['status'], { units, ready }: TargetState, detail?: string): Receipt {
  return { key, pool, status, units, ready, ...(detail === undefined ? {} : { detail }) };
}

/** @param where what to do where that is not so */
function older(epoch: number, held: number, where = ''): Refused {
  return new Refused(`epoch ${epoch} is older than ${held}: another instance leads${where}`);
}

function outside({ units, min, max }: Order): string | undefined {
  if (Number.isInteger(units) && units >= min && units <= max && units >= 0) return undefined;
  return `${units} units are outside ${min}..${max}`;
}

/** What the target's own limits leave of what is wanted, inside the order's bounds. @throws Refused where nothing */
function within(wanted: number, { most = Number.POSITIVE_INFINITY, least = 0, units }: Status, { min, max }: Order): number {
  const possible = Math.min(Math.max(wanted, least), most);
  if (possible >= min && possible <= max) return possible;
  // An original outside the bounds is nobody's to move.
  if (possible === wanted && possible === units) return possible;
  throw new Refused(`the target allows ${least}..${Number.isFinite(most) ? most : '∞'} units, the pool ${min}..${max}`);
}

/** What the target's own limits changed. */
function cut(wanted: number, units: number, { most, least }: Status): string | undefined {
  if (units < wanted) return `${wanted} wanted, and the target allows ${most} at most`;
  if (units > wanted) return `${wanted} wanted, and the target keeps ${least} at least`;
  return undefined;
}

const iso = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');
