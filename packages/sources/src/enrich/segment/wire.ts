import { pack, unpack } from '@auspex/numerics';
import type { Segments } from './enricher.ts';
import { BUCKETS, DIMENSIONS } from './mix.ts';
import { USAGE, Users } from './users.ts';

const VERSION = 1;

type Wire = readonly [
  version: number,
  buckets: number,
  segments: number,
  known: number,
  hashes: Uint8Array,
  columns: readonly Uint8Array[],
  centres: readonly [Uint8Array, Uint8Array] | null,
  batch: Uint8Array,
];

/** A segment's state as bytes: users in their order, the rows written in that order. */
export function encodeSegments({ users, centres, known, batch, filled }: Segments, segments: number): Uint8Array {
  const rows = [...users.rows.values()];
  const { length } = rows;
  const pick = <T extends Float32Array | Float64Array | Uint32Array | Uint8Array>(column: T, made: T, width = 1): Uint8Array => {
    rows.forEach((row, n) => {
      made.set(column.subarray(row * width, (row + 1) * width), n * width);
    });
    return bytesOf(made);
  };
  const wire: Wire = [
    VERSION,
    BUCKETS,
    segments,
    known,
    bytesOf(Uint32Array.from(users.rows.keys())),
    [
      pick(users.usage, new Float32Array(length * USAGE), USAGE),
      pick(users.days, new Float32Array(length)),
      pick(users.reviewed, new Float64Array(length)),
      pick(users.events, new Uint32Array(length)),
      pick(users.segment, new Uint8Array(length)),
      pick(users.other, new Uint8Array(length)),
      pick(users.streak, new Uint8Array(length)),
    ],
    centres ? [bytesOf(centres.at), bytesOf(centres.seen)] : null,
    bytesOf(batch.slice(0, filled * DIMENSIONS)),
  ];
  return pack(wire);
}

/** @throws Error on bytes that were written otherwise, or for another number of segments */
export function decodeSegments(bytes: Uint8Array, segments: number, maxUsers: number, batchSize: number): Segments {
  const wire = unpack<Wire>(bytes);
  if (!Array.isArray(wire) || wire[0] !== VERSION || wire[1] !== BUCKETS) throw new Error('this is no state of segments');
  if (wire[2] !== segments) throw new Error(`the state is of ${wire[2]} segments, not of ${segments}`);
  const [, , , known, hashes, columns, centres, batch] = wire;
  const keys = new Uint32Array(copy(hashes));
  // A smaller maxUsers forgets the longest idle.
  const skip = Math.max(0, keys.length - maxUsers);
  const users = new Users(maxUsers, Math.max(1, keys.length - skip));
  const [usage, days, reviewed, events, segment, other, streak] = columns.map(copy) as ArrayBuffer[];
  for (const [n, hash] of keys.subarray(skip).entries()) users.rows.set(hash, n);
  users.usage.set(new Float32Array(usage as ArrayBuffer).subarray(skip * USAGE));
  users.days.set(new Float32Array(days as ArrayBuffer).subarray(skip));
  users.reviewed.set(new Float64Array(reviewed as ArrayBuffer).subarray(skip));
  users.events.set(new Uint32Array(events as ArrayBuffer).subarray(skip));
  users.segment.set(new Uint8Array(segment as ArrayBuffer).subarray(skip));
  users.other.set(new Uint8Array(other as ArrayBuffer).subarray(skip));
  users.streak.set(new Uint8Array(streak as ArrayBuffer).subarray(skip));
  const gathered = new Float64Array(copy(batch));
  const points = new Float64Array(batchSize * DIMENSIONS);
  points.set(gathered);
  return {
    users,
    known,
    centres: centres ? { at: new Float64Array(copy(centres[0])), seen: new Float64Array(copy(centres[1])) } : undefined,
    batch: points,
    filled: gathered.length / DIMENSIONS,
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** A buffer of its own: numbers of eight bytes must lie at multiples of eight. */
function copy(bytes: Uint8Array): ArrayBuffer {
  if (!(bytes instanceof Uint8Array)) throw new Error('this is no state of segments');
  return new Uint8Array(bytes).buffer;
}
