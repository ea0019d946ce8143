import { Packr } from 'msgpackr';

// Plain maps of names to values on the wire, so that a later version can add a field and an earlier one can read on.
const packr = new Packr({ useRecords: false, moreTypes: true, structuredClone: true });

/** Encodes plain data (numbers, text, arrays, maps, sets, typed arrays) as MessagePack. */
export function pack(value: unknown): Uint8Array {
  const bytes = packr.pack(value);
  // msgpackr hands out slices of a shared buffer: a copy is ours alone.
  return new Uint8Array(bytes);
}

/** Decodes what `pack` made. Throws on bytes that are no MessagePack. */
export function unpack<T>(bytes: Uint8Array): T {
  return packr.unpack(bytes) as T;
}
