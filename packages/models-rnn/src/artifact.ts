import { AuspexError } from '@auspex/contracts';
import { EXTRAS, HORIZONS, INPUTS, type Network, networkOver, OUTPUTS, sizeOf } from './network.ts';

const MAGIC = 0x41585231; // "AXR1"
const VERSION = 1;
/** Magic, version, the five dimensions, checksum: 32-bit words, big-endian. */
const WORDS = 8;
const CHECKSUM = 7;

/** The bytes of a trained network: header, then weights as little-endian 32-bit floats. */
export function writeArtifact({ hidden, flat }: Network, window: number): Uint8Array {
  const bytes = new Uint8Array(WORDS * 4 + flat.length * 4);
  const view = new DataView(bytes.buffer);
  dimensions(hidden, window).forEach((word, i) => {
    view.setUint32(4 * i, word);
  });
  flat.forEach((weight, i) => {
    view.setFloat32(WORDS * 4 + 4 * i, weight, true);
  });
  view.setUint32(4 * CHECKSUM, checksum(bytes));
  return bytes;
}

function dimensions(hidden: number, window: number): number[] {
  return [MAGIC, VERSION, hidden, window, INPUTS * 1000 + EXTRAS, OUTPUTS, HORIZONS.reduce((mix, h) => mix * 31 + h, 7)];
}

const NAMES = ['magic', 'version', 'hidden', 'window', 'inputs', 'outputs', 'horizons'];

/** Weights in service and the number that tells them from others. */
export interface Weights {
  readonly network: Network;
  readonly tag: number;
}

/** @throws AuspexError STATE_UNREADABLE on bytes that `writeArtifact` did not write for these options, or that were changed since */
export function readArtifact(bytes: Uint8Array, hidden: number, window: number): Weights {
  const refuse = (why: string): never => {
    throw new AuspexError('STATE_UNREADABLE', `the weights of rnn cannot be used: ${why}`);
  };
  if (bytes.length < WORDS * 4) refuse('too short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  dimensions(hidden, window).forEach((word, i) => {
    const found = view.getUint32(4 * i);
    if (found !== word) refuse(`${NAMES[i]} is ${found}, not ${word}`);
  });
  const size = sizeOf(hidden);
  if (bytes.length !== WORDS * 4 + 4 * size) refuse(`${bytes.length} bytes, not ${WORDS * 4 + 4 * size}`);
  const tag = view.getUint32(4 * CHECKSUM);
  if (tag !== checksum(bytes)) refuse('the checksum does not match');
  const flat = Float64Array.from({ length: size }, (_, i) => view.getFloat32(WORDS * 4 + 4 * i, true));
  if (!flat.every(Number.isFinite)) refuse('a weight is no number');
  return { network: networkOver(hidden, flat), tag };
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
