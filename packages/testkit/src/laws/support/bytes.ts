import { broken, must } from '../../law.ts';

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** Bytes that are nobody's state, each with a name. */
const GARBAGE: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', new Uint8Array(0)],
  ['noise', Uint8Array.of(1, 2, 3, 250, 251)],
  ['64 bytes of 0xff', new Uint8Array(64).fill(0xff)],
  ['the text "no state"', text('no state')],
  ['a MessagePack null', Uint8Array.of(0xc0)],
  ['an empty MessagePack map', Uint8Array.of(0x80)],
  ['an empty JSON object', text('{}')],
];
/** Half of what is shorter may be a state: half of "12" is "1". */
const HALVED = 16;

/**
 * Breaks the law where `read` takes bytes for its own that it did not write.
 *
 * @param written what it did write: half of it must be refused. One that writes nothing has no state to misread
 */
export function mustRefuse(read: (bytes: Uint8Array) => unknown, written: Uint8Array): void {
  if (written.length === 0) return;
  const half = ['the first half of what it wrote', written.slice(0, written.length >> 1)] as const;
  for (const [name, bytes] of written.length < HALVED ? GARBAGE : [...GARBAGE, half]) {
    // What a plugin without a state writes may be as plain as garbage.
    if (Buffer.compare(bytes, written) !== 0 && accepts(read, bytes)) broken(`it takes ${name} for its own: it must throw`);
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

/** Breaks where a state has grown by more than a twentieth (and a few bytes for longer numbers) while the input doubled. */
export function mustStayBounded(half: Uint8Array, whole: Uint8Array, what: string): void {
  const limit = half.length * 1.05 + 32;
  must(whole.length <= limit, `its state has ${half.length} bytes after ${what}, and ${whole.length} after twice as many: it grows`);
}
