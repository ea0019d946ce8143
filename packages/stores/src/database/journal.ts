import type { StoreWrite } from '@auspex/contracts';

/** Bytes of a part: far below what a database takes as one record (Cassandra with its smallest commit log segments: 2 MiB). */
export const PART_BYTES = 512 * 1024;
/** Up to here writes hang on the head itself. */
export const INLINE_BYTES = 24 * 1024;

const HEADER = 7;

/** The last write of each key: a batch is a list, and its last word counts. */
export function lastWrites(writes: readonly StoreWrite[]): StoreWrite[] {
  const last = new Map<string, StoreWrite>();
  for (const write of writes) last.set(write.key, write);
  return [...last.values()];
}

/** Writes as bytes: kind (1 = put), bytes of the key (2), of the value (4), key, value. A copy: what the caller does to its buffers later is nothing. */
export function encodeWrites(writes: readonly StoreWrite[]): Uint8Array {
  const keys = writes.map((write) => Buffer.from(write.key));
  let size = 0;
  for (const [i, write] of writes.entries()) size += HEADER + (keys[i] as Buffer).length + (write.type === 'put' ? write.value.length : 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const [i, write] of writes.entries()) {
    const key = keys[i] as Buffer;
    const value = write.type === 'put' ? write.value : undefined;
    bytes[at] = value ? 1 : 0;
    bytes.writeUInt16BE(key.length, at + 1);
    bytes.writeUInt32BE(value?.length ?? 0, at + 3);
    bytes.set(key, at + HEADER);
    if (value) bytes.set(value, at + HEADER + key.length);
    at += HEADER + key.length + (value?.length ?? 0);
  }
  return bytes;
}

/** The other way. The values are views of `bytes`. */
export function decodeWrites(bytes: Uint8Array): StoreWrite[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const writes: StoreWrite[] = [];
  for (let at = 0; at < buffer.length; ) {
    const [keyBytes, valueBytes] = [buffer.readUInt16BE(at + 1), buffer.readUInt32BE(at + 3)];
    const start = at + HEADER + keyBytes;
    const key = buffer.toString('utf8', at + HEADER, start);
    writes.push(buffer[at] === 1 ? { type: 'put', key, value: buffer.subarray(start, start + valueBytes) } : { type: 'delete', key });
    at = start + valueBytes;
  }
  return writes;
}

export function partCount(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / PART_BYTES);
}

export function part(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.subarray(index * PART_BYTES, (index + 1) * PART_BYTES);
}
