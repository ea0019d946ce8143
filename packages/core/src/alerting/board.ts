import type { Alert, AlertSink, JournalRecord, Meter, Store, StoreWrite } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import type { z } from 'zod';
import { type alerts, SEVERITIES } from '../config/alerts.ts';
import type { Journal } from '../journal.ts';
import { KEYS } from '../persistence/keys.ts';
import type { Failures } from '../stages/failures.ts';
import { LOOKS, type Seen } from './conditions.ts';
import { Courier, type CourierParts } from './courier.ts';
import { type Episode, Episodes } from './episodes.ts';
import type { Facts, Notice } from './facts.ts';
import { type LimitState, RateLimit } from './limit.ts';
import { readSilences } from './ordered.ts';
import { Outbox } from './outbox.ts';
import { type Rule, rulesOf } from './rules.ts';
import { type Silence, type Silenced, silencesOf } from './silences.ts';

/** A sink under the name that logs, metrics and the store give it. */
export interface NamedSink {
  readonly name: string;
  readonly sink: Pick<AlertSink, 'send'>;
  readonly atLeast: Alert['severity'];
}

/** What a board needs of the engine. */
export interface BoardParts {
  readonly journal: Journal;
  readonly meter: Meter;
  readonly failures: Failures;
  /** False, as in a replay = what is to be told is journaled only. */
  readonly tells: boolean;
}

interface Encoded {
  readonly v: number;
  readonly episodes: readonly Episode[];
  readonly limit: LimitState;
  /** That no step has looked at yet. */
  readonly notices: readonly Notice[];
}

/** Writes for the store's next batch, and what to do once they are in there, or are not. */
export interface Taken {
  readonly writes: readonly StoreWrite[];
  /** They are in the store: what they hold may be sent. */
  kept(): void;
  /** They are not; the outboxes' writes are the caller's to repeat. */
  failed(): void;
}

const FORMAT = 1;
/** Notices between two steps that are told: a restart must not tell of a thousand at once. */
const MOST_NOTICES = 200;

/** Who is told of what: rules look at each step, causes begin and end, and what is to be told waits in an outbox for each sink. */
export class AlertBoard {
  readonly rules: readonly Rule[];
  readonly #episodes: Episodes;
  readonly #limit: RateLimit;
  readonly #journal: Journal;
  readonly #meter: Meter;
  readonly #failures: Failures;
  readonly #sinks: readonly (NamedSink & { readonly outbox: Outbox })[];
  readonly #tells: boolean;
  #notices: Notice[] = [];
  /** By outbox: how far its writes have been taken. */
  #taken: number[];
  /** Dropped for lack of room, and still in the store. */
  #lost: StoreWrite[] = [];
  /** Has anything changed since it was last written? */
  #fresh = false;
  #refused = 0;
  /** By operators, in the store. */
  #ordered: Silenced = () => false;

  constructor(
    settings: z.output<typeof alerts>,
    stepMs: number,
    sinks: readonly NamedSink[],
    { journal, meter, failures, tells }: BoardParts,
  ) {
    this.rules = rulesOf(settings.rules);
    const written = silencesOf(settings.silences.map(ofConfig));
    this.#episodes = new Episodes((labels, at) => written(labels, at) || this.#ordered(labels, at), settings.repeat, stepMs);
    this.#limit = new RateLimit(settings.limit);
    this.#journal = journal;
    this.#meter = meter;
    this.#failures = failures;
    this.#tells = tells;
    this.#sinks = sinks.map((sink) => ({ ...sink, outbox: new Outbox(sink.name) }));
    this.#taken = sinks.map(() => 0);
    this.#gauge();
    journal.onRecord = (record) => this.#note(record);
  }

  #note(record: JournalRecord): void {
    if (record.type !== 'notice' || this.#notices.length >= MOST_NOTICES) return;
    if (!this.rules.some((rule) => rule.when === 'notice' && rule.codes(record.code))) return;
    this.#notices.push({ code: record.code, text: record.text });
    this.#fresh = true;
  }

  /** Notices since the last call. */
  takeNotices(): readonly Notice[] {
    return this.#notices.splice(0);
  }

  /** Does any rule want scores as high as this journaled? */
  isTold(by: string, score: number): boolean {
    return this.rules.some((rule) => rule.when === 'anomaly' && score >= rule.above && rule.by(by));
  }

  /** Reads what operators have silenced. A store that cannot be read leaves what was in force, which ends by itself. */
  async readSilences(store: Store): Promise<void> {
    try {
      const silences = await readSilences(store);
      this.#ordered = silencesOf(silences.map(({ match, made, until }) => ({ match, from: made, to: until })));
      this.#failures.recovered('alert', 'silences', 'the store');
    } catch (error) {
      this.#failures.report('alert', 'silences', 'the store', error, 'those that were in force stay so until they end');
    }
  }

  /** Looks at a step. */
  step(facts: Facts): void {
    const { step: at } = facts;
    const before = this.#episodes.size;
    const due = this.#episodes.step(
      at,
      this.rules,
      this.rules.map((rule) => this.#look(facts, rule)),
      facts.isPast,
    );
    const told = this.#limit.pass(due, at, ({ fingerprint }) => this.#episodes.held(fingerprint));
    if (before + this.#episodes.size + told.length > 0) this.#fresh = true;
    for (const alert of told) this.#tell(alert, at, alert.status === 'resolved' ? this.#episodes.isHeardOf(alert) : !facts.isPast);
    this.#gauge();
  }

  /** A rule that trips over what a plugin said sees nothing, and stops nobody. */
  #look(facts: Facts, rule: Rule): readonly Seen[] {
    try {
      const seen = LOOKS[rule.when](facts, rule);
      this.#failures.recovered('alert', rule.name, 'the step');
      return seen;
    } catch (error) {
      this.#failures.report('alert', rule.name, 'the step', error, 'the rule sees nothing');
      return [];
    }
  }

  #tell(alert: Alert, at: number, isHeard: boolean): void {
    this.#journal.append({ type: 'alert', step: at, alert });
    const { rule = '' } = alert.labels;
    const status = alert.status === 'firing' && this.#episodes.isRepeat(alert.fingerprint) ? 'repeated' : alert.status;
    this.#meter.count('auspex_alerts_total', 1, { rule, severity: alert.severity, status });
    if (!this.#tells || !isHeard) return;
    for (const { atLeast, outbox, name } of this.#sinks) {
      if (SEVERITIES.indexOf(alert.severity) < SEVERITIES.indexOf(atLeast)) continue;
      for (const gone of outbox.put(alert)) {
        this.#meter.count('auspex_alert_sends_total', 1, { sink: name, outcome: 'dropped' });
        this.#lost.push({ type: 'delete', key: KEYS.waiting(name, gone.number) });
      }
      this.#meter.gauge('auspex_alerts_waiting', outbox.size, { sink: name });
    }
  }

  #gauge(): void {
    const counts = new Map<string, number>(this.rules.map(({ name }) => [name, 0]));
    for (const { rule, firing } of this.#episodes.all) if (firing) counts.set(rule, (counts.get(rule) ?? 0) + 1);
    for (const [rule, count] of counts) this.#meter.gauge('auspex_alerts_firing', count, { rule });
    this.#meter.count('auspex_alert_causes_refused_total', this.#episodes.refused - this.#refused);
    this.#refused = this.#episodes.refused;
  }

  /** What the next batch of the store is to hold. */
  take(): Taken {
    const writes = this.#sinks.flatMap(({ outbox }, index) => outbox.writes(this.#taken[index] as number));
    const upTo = this.#sinks.map(({ outbox }) => outbox.next);
    this.#taken = upTo;
    writes.push(...this.#lost.splice(0));
    const { kept, failed } = this.#outcome(upTo, this.#fresh);
    this.#fresh = false;
    return { writes, kept, failed };
  }

  /** Of another batch that is under way, nothing is released: each knows how far its own writes reach. */
  #outcome(upTo: readonly number[], fresh: boolean): Omit<Taken, 'writes'> {
    return {
      kept: () => {
        for (const [index, { outbox }] of this.#sinks.entries()) outbox.release(upTo[index] as number);
      },
      failed: () => {
        this.#fresh ||= fresh;
      },
    };
  }

  /** What is firing, as one write; none where nothing has changed. Asked before `take`. */
  encode(): StoreWrite | undefined {
    if (!this.#fresh) return undefined;
    const record: Encoded = { v: FORMAT, episodes: [...this.#episodes.all], limit: this.#limit.encode(), notices: this.#notices };
    return { type: 'put', key: KEYS.alerts, value: pack(record) };
  }

  /** Begins to send. @returns what stops it */
  start(parts: CourierParts): { close(): Promise<void> } {
    const couriers = this.#sinks.map(({ outbox, sink }) => new Courier(outbox, sink, parts));
    for (const courier of couriers) courier.start();
    return { close: async () => void (await Promise.all(couriers.map((courier) => courier.close()))) };
  }

  /**
   * Ends what a group was about, and takes its name out of what others say.
   * @returns how many alerts changed, and what is to be written
   */
  forget(group: string, redact: <T>(value: T) => T): { count: number; writes: StoreWrite[] } {
    const count = this.#episodes.forget(group, redact);
    if (count > 0) this.#fresh = true;
    const writes = this.#sinks.flatMap(({ outbox }) => outbox.forget(group, redact));
    return { count: count + writes.length, writes };
  }

  /**
   * @param onUnreadable told of what cannot be read, which is as if it had not been
   * @param onStranger told of how many alerts waited for a sink that the config has no longer: nobody will take them
   */
  async restore(
    store: Store,
    onUnreadable: (what: string, error: unknown) => void,
    onStranger: (sink: string, count: number) => void,
  ): Promise<StoreWrite[]> {
    try {
      const bytes = await store.get(KEYS.alerts);
      if (bytes) {
        const record = unpack<Encoded>(bytes);
        if (record?.v !== FORMAT) throw new Error(`alerts of format ${String(record?.v)}; this version reads ${FORMAT}`);
        this.#episodes.restore(record.episodes);
        this.#limit.restore(record.limit);
        this.#notices = [...record.notices];
      }
    } catch (error) {
      onUnreadable('what was firing', error);
    }
    const gone: StoreWrite[] = [];
    const strangers = new Map<string, number>();
    for await (const [key, bytes] of store.scan(KEYS.outbox)) {
      const [, encoded = '', number = ''] = key.split('/');
      const name = decodeURIComponent(encoded);
      const outbox = this.#sinks.find((each) => each.name === name)?.outbox;
      try {
        if (outbox) outbox.restore(Number(number), bytes);
        else strangers.set(name, (strangers.get(name) ?? 0) + 1);
        if (!outbox) gone.push({ type: 'delete', key });
      } catch (error) {
        onUnreadable(`an alert that waited for ${name}`, error);
        gone.push({ type: 'delete', key });
      }
    }
    for (const [name, count] of strangers) {
      this.#meter.count('auspex_alert_sends_total', count, { sink: name, outcome: 'dropped' });
      onStranger(name, count);
    }
    this.#taken = this.#sinks.map(({ outbox }) => outbox.next);
    return gone;
  }
}

/** Times of the config are ISO 8601. */
function ofConfig({ match, from, to }: z.output<typeof alerts>['silences'][number]): Silence {
  return { match, ...(from !== undefined && { from: Date.parse(from) }), ...(to !== undefined && { to: Date.parse(to) }) };
}
