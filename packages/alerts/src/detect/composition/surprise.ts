import type { Tally, Usage, UsageEvent } from '@auspex/contracts';
import { ATTRIBUTES, type Attribute, doings, SESSION_END, tallyOf } from './attributes.ts';
import { keyOf, missing, totalOf, type Weights } from './mix.ts';

/** What a key that was never seen weighs, beside those that were. */
const UNSEEN = 0.5;

/** What is usual of a group: weights by attribute. */
export type Mix = Readonly<Record<Attribute, Weights>>;

/** What one attribute of an event has to say. */
export interface Part {
  readonly attribute: Attribute;
  readonly key: string;
  readonly bits: number;
}

/** How surprising an event is. */
export interface EventSurprise {
  /** Bits: -log2 of how often one like it comes, as if attributes had nothing to do with each other. */
  readonly bits: number;
  /** The most surprising first. */
  readonly parts: readonly Part[];
}

/** Bits of one key: of the share that it has, those that were never seen having a little together. */
function bitsOf(weights: Weights, key: string, all: number): number {
  const name = keyOf(key);
  const weight = weights.counts.get(name);
  const seen = weight === undefined ? weights.other : weight + missing(weights, name);
  return -Math.log2((seen + UNSEEN) / all);
}

function allOf(weights: Weights): number {
  return totalOf(weights) + UNSEEN * (weights.counts.size + 1);
}

/** What an event counts to, as usage counts it. */
function keysOf(event: UsageEvent): readonly (readonly [Attribute, string | undefined])[] {
  const { kind, outcome, resource, feature, country, accessLevel } = event;
  if (kind === SESSION_END) return [];
  const asked = kind === 'request';
  return [
    ['kind', kind],
    ['resource', asked ? resource : undefined],
    ['feature', feature],
    ['country', country],
    ['accessLevel', accessLevel],
    ['outcome', asked ? outcome : undefined],
  ];
}

/** The surprise of one event, given what is usual of its group: the mean over the events of a step is `stepSurprise` of its usage. The end of a session says nothing. */
export function eventSurprise(mix: Mix, event: UsageEvent): EventSurprise {
  const parts = keysOf(event).flatMap(([attribute, key]) =>
    key === undefined ? [] : [{ attribute, key, bits: bitsOf(mix[attribute], key, allOf(mix[attribute])) }],
  );
  return { bits: parts.reduce((sum, { bits }) => sum + bits, 0), parts: parts.sort((a, b) => b.bits - a.bits) };
}

/** Mean surprise of a step's events, bits, but for ends of sessions: the cross-entropy of its counts under the usual mix. 0 where nothing came. */
export function stepSurprise(mix: Mix, usage: Usage): number {
  const events = totalOf(doings(usage));
  let sum = 0;
  for (const attribute of ATTRIBUTES) sum += bitsOfAll(mix[attribute], tallyOf(usage, attribute));
  return events > 0 ? sum / events : 0;
}

function bitsOfAll(weights: Weights, { counts, other }: Tally): number {
  const all = allOf(weights);
  let sum = other > 0 ? -other * Math.log2((weights.other + UNSEEN) / all) : 0;
  for (const [name, count] of counts) sum += count * bitsOf(weights, name, all);
  return sum;
}
