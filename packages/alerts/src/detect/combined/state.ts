import type { SeriesInfo } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import type { Part } from './detector.ts';

/** The states of the parts of one series, in their order. */
export interface CombinedState {
  readonly series: SeriesInfo;
  readonly states: readonly unknown[];
}

const KIND = 'combined';
const FORMAT = 1;

interface Plain {
  readonly kind: string;
  readonly v: number;
  readonly series: SeriesInfo;
  readonly states: readonly (readonly [id: string, state: Uint8Array])[];
}

export function encodeState({ series, states }: CombinedState, parts: readonly Part[]): Uint8Array {
  const written = parts.map(({ id, detector }, index) => [id, detector.encode(states[index])] as const);
  return pack({ kind: KIND, v: FORMAT, series, states: written } satisfies Plain);
}

/**
 * A part that is new, or that does not know its state again since its options or its version are others, begins from nothing; the others go on.
 *
 * @throws on bytes that `encodeState` of this version did not write
 */
export function decodeState(bytes: Uint8Array, parts: readonly Part[]): CombinedState {
  const plain = unpack<Plain | null>(bytes);
  if (plain?.kind !== KIND || plain.v !== FORMAT) throw new Error(`this is no state of ${KIND}, format ${FORMAT}`);
  const { series } = plain;
  const written = new Map(plain.states);
  return { series, states: parts.map(({ id, detector }) => stateOf(detector, written.get(id), series)) };
}

function stateOf(detector: Part['detector'], state: Uint8Array | undefined, series: SeriesInfo): unknown {
  if (state === undefined) return detector.begin(series);
  try {
    return detector.decode(state);
  } catch {
    return detector.begin(series);
  }
}
