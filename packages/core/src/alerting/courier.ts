import { type Alert, type AlertSink, type Clock, deepFreeze, formatDuration, type Logger, type Meter, type Store } from '@auspex/contracts';
import { breathe } from '../defaults/breathe.ts';
import { withTimeLimit } from '../defaults/time-limit.ts';
import type { Outbox, Waiting } from './outbox.ts';

/** Most alerts of one message. */
const BATCH = 20;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** A sink that fails for one reason and another is warned of no more often. */
const WARN_EVERY_MS = 60_000;
/** How long a stop waits for what can still be sent. */
const FAREWELL_MS = 3_000;

/** What a courier needs of the engine. */
export interface CourierParts {
  /** Undefined where it does not survive the process. */
  readonly store: Pick<Store, 'batch'> | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Longest wait for one send, milliseconds. */
  readonly limitMs: number;
  readonly giveUpMs: number;
  readonly groupBy: readonly string[];
}

/**
 * Brings what waits in one outbox to its sink, beside the cycle: a sink that is gone holds nobody up. It is tried again after 1, 2, 4 … 60 s.
 * One alert that a sink refuses does not hold up the others: what has been tried least goes first.
 */
export class Courier {
  readonly #outbox: Outbox;
  readonly #sink: Pick<AlertSink, 'send'>;
  readonly #parts: CourierParts;
  readonly #stop = new AbortController();
  /** Ends what is under way, too. */
  readonly #end = new AbortController();
  #running: Promise<void> | undefined;
  #failures = 0;
  /** What was warned of last while it fails, and when, epoch ms. */
  #warned: { readonly reason: string; readonly at: number } | undefined;

  constructor(outbox: Outbox, sink: Pick<AlertSink, 'send'>, parts: CourierParts) {
    this.#outbox = outbox;
    this.#sink = sink;
    this.#parts = parts;
    // Without a store there was nothing before.
    outbox.startsAt(parts.store ? parts.clock.now() : Number.NEGATIVE_INFINITY);
    parts.meter.gauge('auspex_alerts_waiting', outbox.size, { sink: outbox.sink });
    for (const outcome of ['sent', 'failed', 'dropped']) parts.meter.count('auspex_alert_sends_total', 0, { sink: outbox.sink, outcome });
  }

  start(): void {
    // What breaks here, such as a logger that throws, must not end the process, nor leave a sink without its courier.
    this.#running = this.#run().catch(async () => {
      if (this.#stop.signal.aborted) return;
      await this.#wait();
      this.start();
    });
  }

  /** Sends what can be sent at once, and stops. What is left waits for the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    await withTimeLimit(this.#running ?? Promise.resolve(), FAREWELL_MS, 'farewell').catch(() => undefined);
    this.#end.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      await this.#outbox.filled(signal);
      // Sends that answer at once must not keep the loop from everybody else.
      await breathe();
      if (this.#end.signal.aborted) return;
      await this.#dropOld();
      await this.#dropUnasked();
      const batch = this.#next();
      if (batch.length === 0) {
        if (signal.aborted) return;
        continue;
      }
      const failed = await this.#send(batch);
      // At a stop nothing waits for a sink that is gone.
      if (failed && signal.aborted) return;
      if (failed) await this.#wait();
    }
  }

  /** The next message: alerts that agree in the labels of `groupBy`, tried least and put in first; none that overtakes another of its cause. */
  #next(): Waiting[] {
    const ready: Waiting[] = [];
    const behind = new Set<string>();
    for (const each of this.#outbox.waiting) {
      if (behind.has(each.alert.fingerprint)) continue;
      behind.add(each.alert.fingerprint);
      ready.push(each);
    }
    // Pages before all, then what was tried least.
    const rank = ({ alert, tries }: Waiting): number => tries - (alert.severity === 'page' && tries === 0 ? 1 : 0);
    const first = ready.reduce<Waiting | undefined>((best, each) => (best && rank(best) <= rank(each) ? best : each), undefined);
    if (!first) return [];
    // What has failed goes in halves, and by itself at last: one of a message may be what the sink refuses.
    const most = Math.max(1, BATCH >> first.tries);
    const group = this.#groupOf(first.alert);
    return ready.filter(({ alert, tries }) => tries === first.tries && this.#groupOf(alert) === group).slice(0, most);
  }

  #groupOf({ labels }: Alert): string {
    return JSON.stringify(this.#parts.groupBy.map((label) => labels[label]));
  }

  /** Returns whether it failed. */
  async #send(batch: readonly Waiting[]): Promise<boolean> {
    const { meter, logger, limitMs, store } = this.#parts;
    const { sink } = this.#outbox;
    const limit = new AbortController();
    try {
      const alerts = deepFreeze(batch.map(({ alert }) => ({ ...alert, labels: { ...alert.labels } })));
      const sending = Promise.resolve(this.#sink.send(alerts, AbortSignal.any([this.#end.signal, limit.signal])));
      await withTimeLimit(sending, limitMs, `send(${sink})`);
    } catch (error) {
      limit.abort();
      for (const each of batch) each.tries++;
      this.#failures++;
      meter.count('auspex_alert_sends_total', batch.length, { sink, outcome: 'failed' });
      meter.gauge('auspex_alerts_waiting', this.#outbox.size, { sink });
      const text = `${sink} took no alerts: ${messageOf(error)}; ${this.#outbox.size} wait`;
      logger[this.#isNews(messageOf(error)) ? 'warn' : 'debug']({ sink, waiting: this.#outbox.size }, text);
      return true;
    }
    const again = this.#failures > 0;
    this.#failures = 0;
    this.#warned = undefined;
    // First: whatever breaks after it, they are not sent again.
    await this.#takeOut(() => this.#outbox.done(batch, store));
    meter.count('auspex_alert_sends_total', batch.length, { sink, outcome: 'sent' });
    if (again) logger.info({ sink }, `${sink} takes alerts again`);
    return false;
  }

  /** The first failure of a row, and one for another reason than was warned of last. */
  #isNews(message: string): boolean {
    const at = this.#parts.clock.now();
    const reason = reasonOf(message);
    const last = this.#warned;
    if (last && (last.reason === reason || at - last.at < WARN_EVERY_MS)) return false;
    this.#warned = { reason, at };
    return true;
  }

  async #takeOut(write: () => Promise<void>): Promise<void> {
    const { sink } = this.#outbox;
    try {
      await write();
    } catch (error) {
      // They are sent again after a restart, under the same keys.
      this.#parts.logger.warn({ sink, error: messageOf(error) }, 'that alerts were sent could not be written');
    }
    this.#parts.meter.gauge('auspex_alerts_waiting', this.#outbox.size, { sink });
  }

  async #dropOld(): Promise<void> {
    const { clock, giveUpMs, logger, meter, store } = this.#parts;
    const old = this.#outbox.waiting.filter(({ alert, tries }) => tries > 0 && clock.now() - alert.step > giveUpMs);
    if (old.length === 0) return;
    const { sink } = this.#outbox;
    const text = `${old.length} alert(s) that ${sink} has not taken for ${formatDuration(giveUpMs)} are given up, the first: ${old[0]?.alert.summary}`;
    logger.error({ sink, keys: old.map(({ alert }) => alert.key).slice(0, 20) }, text);
    meter.count('auspex_alert_sends_total', old.length, { sink, outcome: 'dropped' });
    await this.#takeOut(() => this.#outbox.discard(old, store));
  }

  /** Who has not heard of a begin, since it was given up or there was no room for it, does not hear of its end. */
  async #dropUnasked(): Promise<void> {
    const { logger, meter, store } = this.#parts;
    const { sink, unasked } = this.#outbox;
    if (unasked.length === 0) return;
    const text = `${unasked.length} end(s) are not sent to ${sink}, which has not heard of the begin`;
    logger.debug({ sink, keys: unasked.map(({ alert }) => alert.key).slice(0, 20) }, text);
    meter.count('auspex_alert_sends_total', unasked.length, { sink, outcome: 'dropped' });
    await this.#takeOut(() => this.#outbox.discard(unasked, store));
  }

  /** Until the sink is tried again, or a stop. */
  async #wait(): Promise<void> {
    const ms = Math.min(FIRST_WAIT_MS * 2 ** Math.min(10, Math.max(0, this.#failures - 1)), LONGEST_WAIT_MS);
    await this.#parts.clock.sleep(ms, this.#stop.signal).catch(() => undefined);
  }
}

/** A sink may reject with anything, or with nothing. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : `it rejected with ${String(error)}`;
}

/** A message without what differs each time, such as ids and times; a status, which has three digits, stays. */
function reasonOf(message: string): string {
  return message.replace(/\b(?!\d{3}\b)\w*\d\w*/g, '#');
}
