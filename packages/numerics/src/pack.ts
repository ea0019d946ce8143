import { Packr } from 'msgpackr';

// Plain maps of names to values on the wire, so that a later version can add a field and an earlier one can read on.
const packr = new Packr({ useRecords: false, moreTypes: true, structuredClone: true });

/**
 * Encodes plain data (numbers, text, arrays, objects, sets, typed arrays) as MessagePack. A Map reads back as an object,
 * since both are one thing on the wire: pack its entries where its kind or the order of numeric keys matters.
 */
export function pack(value: unknown): Uint8Array {
  const bytes = packr.pack(value);
  // msgpackr hands out slices of a shared buffer: a copy is ours alone.
  return new Uint8Array(bytes);
}

/** Decodes what `pack` made. Throws on bytes that are no MessagePack. */
export function unpack<T>(bytes: Uint8Array): T {
  // A view of its own, since msgpackr hangs a property on the one that it reads.
  return packr.unpack(bytes.subarray()) as T;
}
