import type { CalendarEvent, EventShape, Store } from '@auspex/contracts';
import { KEYS } from '../persistence/keys.ts';
import { learntShape, logImpact } from './effect.ts';
import { beginBelief, expected } from './learn.ts';
import { beliefKey, decodeEvents, EVERY, type EventsState, emptyEvents, kindOf } from './state.ts';

/** What is expected of an event, for people. Impacts as in `CalendarEvent`: 0.5 = half as much again. */
export interface EventOutlook {
  readonly impact: number;
  /** Four of five occurrences lie between. */
  readonly low: number;
  readonly high: number;
  /** Occurrences that it was learnt from, each at each series. 0 = none: it is as given, or nothing is known. */
  readonly seen: number;
  /** `unknown` = neither given nor seen. */
  readonly by: 'learnt' | 'given' | 'unknown';
  /** How it comes and goes: as given, or as learnt. Absent = at once. */
  readonly shape?: EventShape;
}

/** What an engine has learnt of events. */
export type LearntEvents = Pick<EventsState, 'beliefs'>;

/** Normal score of the 90th percentile. */
const NINE_TENTHS = 1.2816;

/** What the engine of this store has learnt of events, as of its last snapshot. @throws Error on bytes that it did not write */
export async function readEvents(store: Pick<Store, 'get'>): Promise<LearntEvents> {
  const bytes = await store.get(KEYS.events);
  return bytes === undefined ? emptyEvents() : decodeEvents(bytes);
}

/**
 * What is expected of an event: of each group that it concerns where it names some, else of a pool as a whole. Pure.
 *
 * @param learnt absent = nothing was learnt
 */
export function outlookOf(event: CalendarEvent, learnt: LearntEvents = emptyEvents()): EventOutlook {
  const kind = kindOf(event);
  const scopes = event.groups === undefined ? [EVERY.pool, EVERY.group] : [EVERY.group, EVERY.pool];
  const known = scopes.map((scope) => learnt.beliefs.get(beliefKey(kind, scope))).find((belief) => belief !== undefined);
  const given = event.impact === undefined ? undefined : logImpact(event.impact);
  const belief = known ? expected(known, given) : beginBelief(undefined, given, event.shape !== undefined);
  const spread = NINE_TENTHS * Math.sqrt(belief.variance + belief.occasion);
  const [impact, low, high] = [belief.mean, belief.mean - spread, belief.mean + spread].map(Math.expm1) as [number, number, number];
  const seen = known?.seen ?? 0;
  const by = seen > 0 ? 'learnt' : given === undefined ? 'unknown' : 'given';
  const shape = event.shape ?? (seen > 0 ? learntShape(event, belief.shape) : undefined);
  return { impact: by === 'given' ? (event.impact as number) : impact, low, high, seen, by, ...(shape && { shape }) };
}
