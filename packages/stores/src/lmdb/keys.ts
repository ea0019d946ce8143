/**
 * Keys on the disk: one letter, then the key's UTF-8. Data (`d`) and what the store says of itself (`m`) are apart, and no key
 * is empty, which LMDB would refuse.
 */
const DATA = 'd';
const END = Buffer.from('e');

export const VERSION_KEY = Buffer.from('mmeta/version');

export function toBytes(key: string): Buffer {
  return Buffer.from(DATA + key);
}

export function fromBytes(bytes: Buffer): string {
  return bytes.toString('utf8', 1);
}

/** The first possible key after all that start with `prefix`. */
export function endOf(prefix: string): Buffer {
  if (prefix === '') return END;
  const bytes = toBytes(prefix);
  // UTF-8 has no byte 0xff, so the last byte can always be raised.
  bytes[bytes.length - 1] = (bytes.at(-1) as number) + 1;
  return bytes;
}
