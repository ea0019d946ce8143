import type { DistinctSketch, SeriesInfo } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import type { Block } from './block.ts';
import { emptyKnown, type Known } from './known.ts';
import { beginLevel, type Level } from './level.ts';
import { emptyUsual, type Usual } from './usual.ts';

/** A surge that lasts. */
export interface Episode {
  /** Its first step, epoch ms, and the rate that was expected then. */
  readonly began: number;
  readonly anchor: number;
  /** Steps without a surge since the last with one. */
  calm: number;
  /** What it did: the steps of this window, and those of the window before. */
  newer: Block;
  older: Block;
  /** Highest probability of an attack so far. */
  worst: number;
}

/** All that is known of one series. Data, of a size that does not grow. */
export interface AudienceState {
  readonly group: string;
  readonly pop: string;
  readonly zone: string;
  readonly stepMs: number;
  readonly level: Level;
  readonly usual: Usual;
  known: Known;
  /** Users of the last step whose usage was known. */
  before: { readonly step: number; readonly users: DistinctSketch } | undefined;
  episode: Episode | undefined;
}

export function beginState({ name, pop, zone, stepMs }: SeriesInfo): AudienceState {
  return {
    group: name,
    pop,
    zone,
    stepMs,
    level: beginLevel(),
    usual: emptyUsual(),
    known: emptyKnown(),
    before: undefined,
    episode: undefined,
  };
}

const FORMAT = 1;
const KIND = 'audience';

type Pairs<K> = readonly (readonly [K, number])[];
interface Encoded extends Omit<AudienceState, 'usual' | 'episode' | 'before'> {
  readonly kind: string;
  readonly v: number;
  readonly before: NonNullable<AudienceState['before']> | null;
  readonly episode: NonNullable<AudienceState['episode']> | null;
  readonly usual: Omit<Usual, 'resources' | 'countries'> & { readonly resources: Pairs<number>; readonly countries: Pairs<string> };
}

export function encodeState(state: AudienceState): Uint8Array {
  const { usual, before, episode, ...rest } = state;
  return pack({
    kind: KIND,
    v: FORMAT,
    ...rest,
    // A Map would read back as an object: entries keep their kind and order.
    usual: { ...usual, resources: [...usual.resources], countries: [...usual.countries] },
    before: before ?? null,
    episode: episode === undefined ? null : { ...episode, newer: written(episode.newer), older: written(episode.older) },
  });
}

/** @throws on bytes that `encodeState` did not write */
export function decodeState(bytes: Uint8Array): AudienceState {
  const record = unpack<Encoded | null>(bytes);
  if (record?.kind !== KIND || record.v !== FORMAT) throw new Error(`this is no state of audience, format ${FORMAT}`);
  const { kind: _, v: __, usual, before, episode, ...rest } = record;
  return {
    ...rest,
    usual: { ...usual, resources: new Map(usual.resources), countries: new Map(usual.countries) },
    before: before ?? undefined,
    episode: episode === null ? undefined : { ...episode, newer: read(episode.newer), older: read(episode.older) },
  };
}

interface WrittenTally {
  readonly level: number;
  readonly counts: Pairs<string>;
  readonly other: number;
}

function written(block: Block): object {
  const tally = ({ level, counts, other }: Block['resources']): WrittenTally => ({ level, counts: [...counts], other });
  return { ...block, resources: tally(block.resources), countries: tally(block.countries) };
}

function read(block: Block): Block {
  const tally = (from: unknown): Block['resources'] => {
    const { level, counts, other } = from as WrittenTally;
    return { level, counts: new Map(counts), other };
  };
  return { ...block, resources: tally(block.resources), countries: tally(block.countries) };
}
