import type { CalendarEvent } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import { BINS } from './effect.ts';
import type { Belief } from './learn.ts';
import type { Track } from './track.ts';

const FORMAT = 1;

/** Whose belief it is where it is not that of one series: of all groups, or of all pools. */
export const EVERY = { group: '*group', pool: '*pool' } as const;

/** All that is known of events. */
export interface EventsState {
  /** What the calendars said last. */
  plan: readonly CalendarEvent[];
  /** By kind and scope. */
  readonly beliefs: Map<string, Belief>;
  /** Occurrences that have begun, by occurrence and series. */
  readonly running: Map<string, Track>;
}

/** Events of one category are learnt from together; one without is a kind of its own, by its name. */
export function kindOf({ category, name }: Pick<CalendarEvent, 'category' | 'name'>): string {
  return category === undefined ? `name:${name}` : `category:${category}`;
}

export function beliefKey(kind: string, scope: string): string {
  return `${kind}\0${scope}`;
}

/** Whose belief it is: a series, or `EVERY` of a kind. */
export function scopeOf(key: string): string {
  return key.slice(key.lastIndexOf('\0') + 1);
}

/** The group of a series `group@POP/measure`; undefined = it is no group's. */
export function groupOf(series: string): string | undefined {
  const at = series.lastIndexOf('@');
  return series.startsWith('pool:') || at < 0 ? undefined : series.slice(0, at);
}

export function trackKey({ id, start }: CalendarEvent, series: string): string {
  return `${id}\0${start}\0${series}`;
}

export function emptyEvents(): EventsState {
  return { plan: [], beliefs: new Map(), running: new Map() };
}

export function encodeEvents({ plan, beliefs, running }: EventsState): Uint8Array {
  return pack({ v: FORMAT, plan, beliefs: [...beliefs], running: [...running] });
}

/** @throws on bytes of another format */
export function decodeEvents(bytes: Uint8Array): EventsState {
  const { v, plan, beliefs, running } = unpack<{
    readonly v?: number;
    readonly plan: readonly CalendarEvent[];
    readonly beliefs: readonly (readonly [string, Belief])[];
    readonly running: readonly (readonly [string, Track])[];
  }>(bytes);
  if (v !== FORMAT) throw new Error(`events of format ${String(v)}; this version reads ${FORMAT}`);
  const odd = beliefs.find(([, belief]) => !Number.isFinite(belief.mean) || belief.shape.length !== BINS);
  if (odd) throw new Error('a belief that is none');
  return { plan, beliefs: new Map(beliefs), running: new Map(running) };
}
