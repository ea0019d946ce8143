import { broken } from '../../law.ts';

/** Bytes that no plugin writes as its state, each with a name. */
const GARBAGE: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', new Uint8Array(0)],
  ['noise', Uint8Array.of(1, 2, 3, 250, 251)],
  ['a MessagePack null', Uint8Array.of(0xc0)],
  ['an empty MessagePack map', Uint8Array.of(0x80)],
  ['an empty JSON object', new TextEncoder().encode('{}')],
];

/**
 * Breaks the law where `read` takes bytes for its own that it did not write.
 *
 * @param written what it did write: half of it must be refused
 */
export function mustRefuse(read: (bytes: Uint8Array) => unknown, written: Uint8Array): void {
  const half = written.slice(0, written.length >> 1);
  for (const [name, bytes] of [...GARBAGE, ['the first half of what it wrote', half] as const]) {
    if (accepts(read, bytes)) broken(`it takes ${name} for its own: it must throw`);
  }
}

function accepts(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): boolean {
  try {
    read(bytes.slice());
    return true;
  } catch {
    return false;
  }
}
