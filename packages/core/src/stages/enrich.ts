import type { Enricher, UsageEvent } from '@auspex/contracts';
import { atOnce, NONE } from './answer.ts';
import type { Failures } from './failures.ts';

/** All that this stage is handed of an enricher. */
export interface EnricherSlot {
  /** Unique: two uses of one enricher are told apart by their place. */
  readonly name: string;
  readonly enricher: Pick<Enricher, 'begin' | 'enrich' | 'expire' | 'forget' | 'encode' | 'decode'>;
}

/** What a checkpoint keeps of one enricher in one shard. */
export interface EnricherRecord {
  readonly name: string;
  readonly state: Uint8Array;
}

/** What became of the enrichers' states. */
export interface Forgetting {
  readonly changed: readonly string[];
  readonly unable: readonly { readonly name: string; readonly why: string }[];
}

/** Takes every event through the enrichers in order. One that fails lets the event go on as it was. States are the shard's. */
export class EnrichStage {
  readonly #slots: readonly EnricherSlot[];
  readonly #failures: Failures;
  /** Slots that failed since time last passed. */
  readonly #failing = new Set<string>();

  constructor(slots: readonly EnricherSlot[], failures: Failures) {
    this.#slots = slots;
    this.#failures = failures;
  }

  /** States of a new shard; an enricher that could not begin has none, and is not asked. */
  begin(): unknown[] {
    return this.#slots.map((slot) => this.#begin(slot));
  }

  #begin(slot: EnricherSlot): unknown {
    try {
      return atOnce(slot.enricher.begin(), 'begin');
    } catch (error) {
      this.#report(slot, error, 'events go on without it', 'begin');
      return NONE;
    }
  }

  /** The event as it is counted; undefined = dropped. Runs for every event. */
  enrich(states: readonly unknown[], raw: UsageEvent): UsageEvent | undefined {
    let event: UsageEvent | undefined = raw;
    for (let k = 0; k < this.#slots.length && event; k++) {
      const state = states[k];
      if (state === NONE) continue;
      const slot = this.#slots[k] as EnricherSlot;
      const given: UsageEvent = event;
      keep(given);
      try {
        const enriched: UsageEvent | undefined = atOnce(slot.enricher.enrich(state, given), 'enrich');
        if (enriched !== undefined) check(enriched);
        event = enriched;
      } catch (error) {
        // It may have written half of what it wanted.
        restore(given);
        this.#report(slot, error, 'events go on as they were');
      }
    }
    return event;
  }

  /** Time has passed `at` (epoch ms): hands over the events that this decided. They are counted as they are, past the other enrichers. */
  expire(states: readonly unknown[], at: number, count: (event: UsageEvent) => void): void {
    this.#slots.forEach((slot, k) => {
      const state = states[k];
      if (state === NONE) return;
      try {
        for (const event of slot.enricher.expire?.(state, at) ?? []) count(event);
        if (!this.#failing.delete(slot.name)) this.#failures.recovered('enrich', slot.name, 'events');
      } catch (error) {
        this.#report(slot, error, 'what time decided is lost');
      }
    });
  }

  /**
   * Takes a user or a group out of a shard's states.
   *
   * @returns enrichers whose state has changed, and those that have a state and could not forget, with the reason
   */
  forget(states: readonly unknown[], what: { readonly user: string } | { readonly group: string }): Forgetting {
    const changed: string[] = [];
    const unable: { name: string; why: string }[] = [];
    this.#slots.forEach(({ name, enricher }, k) => {
      const state = states[k];
      if (state === NONE) return;
      try {
        const before = atOnce(enricher.encode(state), 'encode');
        if (enricher.forget) {
          atOnce(enricher.forget(state, what), 'forget');
          if (!same(before, atOnce(enricher.encode(state), 'encode'))) changed.push(name);
        } else if (!same(before, atOnce(enricher.encode(enricher.begin()), 'encode'))) {
          unable.push({ name, why: 'it has a state and no way to forget' });
        }
      } catch (error) {
        unable.push({ name, why: `it failed: ${(error as Error).message}` });
      }
    });
    return { changed, unable };
  }

  /** What can be written; the rest begins from nothing after a restart. */
  encode(states: readonly unknown[]): EnricherRecord[] {
    return this.#slots.flatMap((slot, k) => {
      if (states[k] === NONE) return [];
      try {
        return [{ name: slot.name, state: atOnce(slot.enricher.encode(states[k]), 'encode') }];
      } catch (error) {
        this.#report(slot, error, 'after a restart it begins from nothing', 'encode');
        return [];
      }
    });
  }

  /** States read back. An enricher that is new, or whose state cannot be read, begins from nothing; the latter is reported. */
  decode(saved: readonly EnricherRecord[], onUnreadable: (enricher: string, error: unknown) => void): unknown[] {
    return this.#slots.map((slot): unknown => {
      const record = saved.find((each) => each.name === slot.name);
      if (!record) return this.#begin(slot);
      try {
        return atOnce(slot.enricher.decode(record.state), 'decode');
      } catch (error) {
        onUnreadable(slot.name, error);
        return this.#begin(slot);
      }
    });
  }

  #report(slot: EnricherSlot, error: unknown, fallback: string, part = ''): void {
    if (part === '') this.#failing.add(slot.name);
    this.#failures.report('enrich', slot.name, 'events', error, fallback, part);
  }
}

/** The event as it was before an enricher had it; one object, reused: this runs for every event. */
const kept: { -readonly [K in keyof UsageEvent]: UsageEvent[K] } = { at: 0, kind: '', group: '', pop: '', outcome: 'served' };

function keep(event: UsageEvent): void {
  kept.at = event.at;
  kept.kind = event.kind;
  kept.group = event.group;
  kept.pop = event.pop;
  kept.outcome = event.outcome;
  kept.attempt = event.attempt as number;
  kept.count = event.count as number;
  kept.weight = event.weight as number;
  kept.bytes = event.bytes as number;
  kept.sessionStart = event.sessionStart as boolean;
  kept.resource = event.resource as string;
  kept.feature = event.feature as string;
  kept.country = event.country as string;
}

/** Measured fields stay, and what is counted by is text. @throws naming what the enricher did */
function check(event: UsageEvent): void {
  if (event.at !== kept.at) throw new Error(`moved an event from ${kept.at} to ${event.at}`);
  const measured =
    event.kind === kept.kind &&
    event.outcome === kept.outcome &&
    event.attempt === kept.attempt &&
    event.count === kept.count &&
    event.weight === kept.weight &&
    event.bytes === kept.bytes;
  if (!measured) throw new Error('changed what the source measured: kind, outcome, attempt, count, weight or bytes');
  if (typeof event.group !== 'string' || typeof event.pop !== 'string') throw new Error('gave a group or POP that is no text');
  if (!isText(event.resource) || !isText(event.feature) || !isText(event.country) || !isText(event.user) || !isText(event.accessLevel))
    throw new Error('gave a resource, feature, country, user or access level that is no text');
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function restore(event: UsageEvent): void {
  Object.assign(event, kept);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
