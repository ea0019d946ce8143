import { AuspexError } from '@auspex/contracts';
import { INPUTS, LOCALS, STATICS } from './features.ts';
import { type Network, networkOver, type Shape, sizeOf } from './network/shape.ts';

const MAGIC = 0x41585232; // "AXR2"
/** Of the features: weights that were trained on others mean nothing. */
const VERSION = 2;
const CHECKSUM = 8;
/** Magic, version, cell, the five dimensions, checksum: 32-bit words, big-endian; then weights as little-endian 32-bit floats. */
const WORDS = 9;
const CELLS = ['lstm', 'gru'] as const;

/** The bytes of a trained network. */
export function writeArtifact({ shape, flat }: Network): Uint8Array {
  const bytes = new Uint8Array(WORDS * 4 + flat.length * 4);
  const view = new DataView(bytes.buffer);
  header(shape).forEach((word, i) => {
    view.setUint32(4 * i, word);
  });
  flat.forEach((weight, i) => {
    view.setFloat32(WORDS * 4 + 4 * i, weight, true);
  });
  view.setUint32(4 * CHECKSUM, checksum(bytes));
  return bytes;
}

function header({ cell, hidden, decoder }: Shape): number[] {
  return [MAGIC, VERSION, CELLS.indexOf(cell), hidden, decoder, INPUTS, STATICS, LOCALS];
}

const NAMES = ['magic', 'version', 'cell', 'hidden', 'decoder', 'inputs', 'statics', 'locals'];

/** Weights in service and the number that tells them from others. */
export interface Weights {
  readonly network: Network;
  readonly tag: number;
}

/** @throws AuspexError STATE_UNREADABLE on bytes that `writeArtifact` did not write for this shape, or that were changed since */
export function readArtifact(bytes: Uint8Array, shape: Shape): Weights {
  const refuse = (why: string): never => {
    throw new AuspexError('STATE_UNREADABLE', `the weights of rnn cannot be used: ${why}`);
  };
  if (bytes.length < WORDS * 4) refuse('too short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  header(shape).forEach((word, i) => {
    const found = view.getUint32(4 * i);
    if (found !== word) refuse(`${NAMES[i]} is ${found}, not ${word}`);
  });
  const size = sizeOf(shape);
  if (bytes.length !== WORDS * 4 + 4 * size) refuse(`${bytes.length} bytes, not ${WORDS * 4 + 4 * size}`);
  const tag = view.getUint32(4 * CHECKSUM);
  if (tag !== checksum(bytes)) refuse('the checksum does not match');
  const flat = Float64Array.from({ length: size }, (_, i) => view.getFloat32(WORDS * 4 + 4 * i, true));
  if (!flat.every(Number.isFinite)) refuse('a weight is no number');
  return { network: networkOver(shape, flat), tag };
}

/** 32-bit FNV-1a over all bytes but the checksum's own; never 0, which means "no weights". */
function checksum(bytes: Uint8Array): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) {
    if (i >> 2 === CHECKSUM) continue;
    h = Math.imul(h ^ (bytes[i] as number), 0x01000193);
  }
  return h >>> 0 || 1;
}
