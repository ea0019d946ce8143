import type { SeriesInfo } from '@auspex/contracts';
import { emptyTail, isTail, pack, type Tail, unpack } from '@auspex/numerics';
import { ATTRIBUTES, type Attribute } from './attributes.ts';
import { emptyWeights, type Weights } from './mix.ts';
import { beginRatio, RATIOS, type Ratio, type RatioName } from './ratio.ts';
import type { Mix } from './surprise.ts';

/** What is known of one attribute. */
export interface AttributeState {
  usual: Weights;
  /** The last few steps. */
  recent: Weights;
  /** Steps in a row that were back where an unusual mix had lasted. */
  back: number;
  /** How far steps were from the usual mix, and how far the last few. */
  readonly sharp: Tail;
  readonly lasting: Tail;
}

/** All that is known of one series. Data, of a size that does not grow. */
export interface CompositionState {
  readonly group: string;
  readonly pop: string;
  readonly stepMs: number;
  /** Steps learnt, and the last one, epoch ms; NaN = none. */
  learnt: number;
  last: number;
  /** Begin of the unusual mix that lasts, epoch ms; NaN = it is usual. */
  since: number;
  readonly attributes: Readonly<Record<Attribute, AttributeState>>;
  readonly ratios: Readonly<Record<RatioName, Ratio>>;
}

const each = <K extends string, V>(keys: readonly K[], make: (key: K) => V): Record<K, V> =>
  Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, V>;

export function beginState({ name, pop, stepMs }: SeriesInfo): CompositionState {
  return {
    group: name,
    pop,
    stepMs,
    learnt: 0,
    last: Number.NaN,
    since: Number.NaN,
    attributes: each(ATTRIBUTES, () => ({
      usual: emptyWeights(),
      recent: emptyWeights(),
      back: 0,
      sharp: emptyTail(),
      lasting: emptyTail(),
    })),
    ratios: each(RATIOS, beginRatio),
  };
}

/** What is usual of the group: what `eventSurprise` compares an event with. */
export function mixOf({ attributes }: CompositionState): Mix {
  return each(ATTRIBUTES, (name) => attributes[name].usual);
}

const KIND = 'composition';
const FORMAT = 2;

/** A Map would read back as an object: entries keep their kind and order. */
interface PlainWeights extends Omit<Weights, 'counts' | 'missed'> {
  readonly counts: readonly (readonly [string, number])[];
  readonly missed: readonly (readonly [string, number])[];
}
interface PlainAttribute extends Omit<AttributeState, 'usual' | 'recent'> {
  readonly usual: PlainWeights;
  readonly recent: PlainWeights;
}
interface Plain extends Omit<CompositionState, 'attributes'> {
  readonly kind: string;
  readonly v: number;
  readonly attributes: Readonly<Record<Attribute, PlainAttribute>>;
}

const plain = ({ counts, missed, ...rest }: Weights): PlainWeights => ({ ...rest, counts: [...counts], missed: [...missed] });
const weights = ({ counts, missed, ...rest }: PlainWeights): Weights => ({ ...rest, counts: new Map(counts), missed: new Map(missed) });

export function encodeState({ attributes, ...rest }: CompositionState): Uint8Array {
  const written = each(ATTRIBUTES, (name) => {
    const { usual, recent, ...tails } = attributes[name];
    return { ...tails, usual: plain(usual), recent: plain(recent) };
  });
  return pack({ kind: KIND, v: FORMAT, ...rest, attributes: written } satisfies Plain);
}

/** @throws on bytes that `encodeState` of this version did not write */
export function decodeState(bytes: Uint8Array): CompositionState {
  const record = unpack<Plain | null>(bytes);
  if (record?.kind !== KIND || record.v !== FORMAT) throw new Error(`this is no state of ${KIND}, format ${FORMAT}`);
  const { kind: _, v: __, attributes, ...rest } = record;
  const whole =
    ATTRIBUTES.every((name) => isTail(attributes?.[name]?.sharp) && isTail(attributes[name].lasting)) &&
    RATIOS.every((name) => isTail(rest.ratios?.[name]?.above) && isTail(rest.ratios[name].below));
  if (!whole) throw new Error(`the state of ${KIND} is incomplete`);
  return {
    ...rest,
    attributes: each(ATTRIBUTES, (name) => {
      const { usual, recent, ...tails } = attributes[name];
      return { ...tails, usual: weights(usual), recent: weights(recent) };
    }),
  };
}
