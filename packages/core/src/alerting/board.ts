import type { Alert, AlertSink, JournalRecord, Meter, Store, StoreWrite } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import type { z } from 'zod';
import { type alerts, SEVERITIES } from '../config/alerts.ts';
import type { Journal } from '../journal.ts';
import { KEYS } from '../persistence/keys.ts';
import { LOOKS } from './conditions.ts';
import { Courier, type CourierParts } from './courier.ts';
import { type Episode, Episodes } from './episodes.ts';
import type { Facts, Notice } from './facts.ts';
import { type LimitState, RateLimit } from './limit.ts';
import { readSilences } from './ordered.ts';
import { Outbox } from './outbox.ts';
import { type Rule, rulesOf } from './rules.ts';
import { type Silenced, silencesOf } from './silences.ts';

/** A sink under the name that logs, metrics and the store give it. */
export interface NamedSink {
  readonly name: string;
  readonly sink: Pick<AlertSink, 'send'>;
  readonly atLeast: Alert['severity'];
}

interface Encoded {
  readonly v: number;
  readonly episodes: readonly Episode[];
  readonly limit: LimitState;
}

const FORMAT = 1;
/** Notices between two steps that are told: a restart must not tell of a thousand at once. */
const MOST_NOTICES = 200;

/** Who is told of what: rules look at each decided step, causes begin and end, and what is to be told waits in an outbox for each sink. */
export class AlertBoard {
  readonly rules: readonly Rule[];
  readonly #episodes: Episodes;
  readonly #limit: RateLimit;
  readonly #journal: Journal;
  readonly #meter: Meter;
  readonly #sinks: readonly (NamedSink & { readonly outbox: Outbox })[];
  #notices: Notice[] = [];
  /** By outbox: how far its writes have been taken. */
  #taken: number[];
  /** Has anything changed since it was last written? */
  #fresh = false;
  readonly #fired: readonly string[];
  /** By operators, in the store. */
  #ordered: Silenced = () => false;

  constructor(settings: z.output<typeof alerts>, stepMs: number, sinks: readonly NamedSink[], journal: Journal, meter: Meter) {
    this.rules = rulesOf(settings.rules);
    const written = silencesOf(settings.silences);
    this.#episodes = new Episodes((labels, at) => written(labels, at) || this.#ordered(labels, at), settings.repeat, stepMs);
    this.#limit = new RateLimit(settings.limit);
    this.#journal = journal;
    this.#meter = meter;
    this.#sinks = sinks.map((sink) => ({ ...sink, outbox: new Outbox(sink.name) }));
    this.#taken = sinks.map(() => 0);
    this.#fired = this.rules.map(({ name }) => name);
    this.#gauge();
    journal.onRecord = (record) => this.#note(record);
  }

  #note(record: JournalRecord): void {
    if (record.type !== 'notice' || this.#notices.length >= MOST_NOTICES) return;
    this.#notices.push({ code: record.code, text: record.text });
  }

  /** Notices since the last call. */
  takeNotices(): readonly Notice[] {
    return this.#notices.splice(0);
  }

  /** Does any rule want scores as high as this journaled? */
  isTold(by: string, score: number): boolean {
    return this.rules.some((rule) => rule.when === 'anomaly' && score >= rule.above && rule.by(by));
  }

  /** Reads what operators have silenced. A store that cannot be read leaves what was in force. */
  async readSilences(store: Store): Promise<void> {
    try {
      const silences = await readSilences(store);
      this.#ordered = silencesOf(
        silences.map(({ match, made, until, reason }) => ({
          match,
          from: new Date(made).toISOString(),
          to: new Date(until).toISOString(),
          why: reason,
        })),
      );
    } catch {
      // What was in force ends by itself.
    }
  }

  /** Looks at a decided step. */
  step(facts: Facts): void {
    const { step: at } = facts;
    const seen = this.rules.map((rule) => LOOKS[rule.when](facts, rule));
    const due = this.#episodes.step(at, this.rules, seen);
    const told = this.#limit.pass(due, at, ({ fingerprint }) => this.#episodes.held(fingerprint));
    this.#fresh = true;
    for (const alert of told) this.#tell(alert, at);
    this.#gauge();
  }

  #tell(alert: Alert, at: number): void {
    this.#journal.append({ type: 'alert', step: at, alert });
    const { rule = '' } = alert.labels;
    const status = alert.status === 'firing' && this.#episodes.isRepeat(alert.fingerprint) ? 'repeated' : alert.status;
    this.#meter.count('auspex_alerts_total', 1, { rule, severity: alert.severity, status });
    for (const { atLeast, outbox, name } of this.#sinks) {
      if (SEVERITIES.indexOf(alert.severity) < SEVERITIES.indexOf(atLeast)) continue;
      for (const gone of outbox.put(alert)) {
        this.#meter.count('auspex_alert_sends_total', 1, { sink: name, outcome: 'dropped' });
        this.#lost.push({ sink: name, number: gone.number });
      }
      this.#meter.gauge('auspex_alerts_waiting', outbox.size, { sink: name });
    }
  }

  /** Dropped for lack of room, and still in the store. */
  #lost: { readonly sink: string; readonly number: number }[] = [];

  #gauge(): void {
    const counts = new Map<string, number>(this.#fired.map((rule) => [rule, 0]));
    for (const { rule, firing } of this.#episodes.all) if (firing) counts.set(rule, (counts.get(rule) ?? 0) + 1);
    for (const [rule, count] of counts) this.#meter.gauge('auspex_alerts_firing', count, { rule });
  }

  /** What the next batch of the store is to hold. Once it is in there, `kept` says so. */
  takeWrites(): StoreWrite[] {
    const writes = this.#sinks.flatMap(({ outbox }, index) => outbox.writes(this.#taken[index] as number));
    this.#taken = this.#sinks.map(({ outbox }) => outbox.next);
    const lost = this.#lost.splice(0).map(({ sink, number }): StoreWrite => ({ type: 'delete', key: KEYS.waiting(sink, number) }));
    return [...writes, ...lost];
  }

  /** What is firing, as one write; none where nothing has changed. */
  encode(): StoreWrite | undefined {
    if (!this.#fresh) return undefined;
    const record: Encoded = { v: FORMAT, episodes: [...this.#episodes.all], limit: this.#limit.encode() };
    return { type: 'put', key: KEYS.alerts, value: pack(record) };
  }

  /** What was taken so far is in the store: it may be sent. */
  kept(): void {
    this.#fresh = false;
    for (const [index, { outbox }] of this.#sinks.entries()) outbox.release(this.#taken[index] as number);
  }

  /** Begins to send. @returns what stops it */
  start(parts: CourierParts): { close(): Promise<void> } {
    const couriers = this.#sinks.map(({ outbox, sink }) => new Courier(outbox, sink, parts));
    for (const courier of couriers) courier.start();
    return { close: async () => void (await Promise.all(couriers.map((courier) => courier.close()))) };
  }

  /** Ends what a group was about. Returns how many alerts that were, and what is to be taken out of the store. */
  forget(group: string): { count: number; writes: StoreWrite[] } {
    const count = this.#episodes.forget(group);
    if (count > 0) this.#fresh = true;
    const writes = this.#sinks.flatMap(({ outbox }) => outbox.forget(group));
    return { count: count + writes.length, writes };
  }

  /** @param onUnreadable told of what cannot be read, which is as if it had not been */
  async restore(store: Store, onUnreadable: (what: string, error: unknown) => void): Promise<StoreWrite[]> {
    try {
      const bytes = await store.get(KEYS.alerts);
      if (bytes) {
        const record = unpack<Encoded>(bytes);
        if (record?.v !== FORMAT) throw new Error(`alerts of format ${String(record?.v)}; this version reads ${FORMAT}`);
        this.#episodes.restore(record.episodes);
        this.#limit.restore(record.limit);
      }
    } catch (error) {
      onUnreadable('what was firing', error);
    }
    const strangers: StoreWrite[] = [];
    for await (const [key, bytes] of store.scan(KEYS.outbox)) {
      const [, name = '', number = ''] = key.split('/');
      const outbox = this.#sinks.find((each) => each.name === decodeURIComponent(name))?.outbox;
      try {
        // Of a sink that the config has no longer: nobody will take it.
        if (!outbox) strangers.push({ type: 'delete', key });
        else outbox.restore(Number(number), bytes);
      } catch (error) {
        onUnreadable(`an alert that waited for ${name}`, error);
        strangers.push({ type: 'delete', key });
      }
    }
    this.#taken = this.#sinks.map(({ outbox }) => outbox.next);
    return strangers;
  }
}
