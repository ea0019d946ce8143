import { isAscii } from 'node:buffer';
import { type Block, LINE_LIMIT } from './block.ts';
import type { FileHead } from './head.ts';

const NEWLINE = 10;

/** Cuts a stream of chunks into blocks of whole lines. One per file. */
export class LineCutter {
  readonly #file: string;
  readonly #head: FileHead;
  /** Of the next block. */
  #offset: number;
  #line: number;
  /** The beginning of a line whose end has not come yet. */
  #parts: Buffer[] = [];
  #held = 0;
  /** The line being read is over the limit: only its length is kept. */
  #dropping = false;

  /**
   * @param offset bytes of the file already read
   * @param line lines already read
   */
  constructor(file: string, head: FileHead, offset: number, line: number) {
    this.#file = file;
    this.#head = head;
    this.#offset = offset;
    this.#line = line + 1;
  }

  /** Takes a chunk; the chunk may be reused by the caller afterwards. */
  *push(chunk: Buffer): Generator<Block> {
    let from = 0;
    if (this.#dropping) {
      const end = chunk.indexOf(NEWLINE);
      this.#held += end < 0 ? chunk.length : end + 1;
      if (end < 0) return;
      yield this.#overlong();
      from = end + 1;
    }
    const last = chunk.lastIndexOf(NEWLINE);
    if (last >= from) {
      const first = this.#held > 0 ? chunk.indexOf(NEWLINE, from) : -1;
      if (this.#held > 0 && this.#held + first - from > LINE_LIMIT) {
        this.#held += first + 1 - from;
        yield this.#overlong();
        from = first + 1;
      }
      if (last >= from) {
        const rest = chunk.subarray(from, last + 1);
        yield this.#block(this.#held > 0 ? Buffer.concat([...this.#parts, rest]) : rest);
      }
      from = last + 1;
    }
    if (from < chunk.length) {
      this.#held += chunk.length - from;
      if (this.#held > LINE_LIMIT) {
        this.#dropping = true;
        this.#parts = [];
      } else {
        this.#parts.push(Buffer.from(chunk.subarray(from)));
      }
    }
  }

  /** The file has ended: its last line may lack a newline. */
  *end(): Generator<Block> {
    if (this.#held === 0) return;
    if (this.#dropping) yield this.#overlong();
    else yield this.#block(Buffer.concat(this.#parts));
  }

  #block(lines: Buffer): Block {
    // A byte order mark is no text.
    const skip = this.#offset === 0 && lines[0] === 0xef && lines[1] === 0xbb && lines[2] === 0xbf ? 3 : 0;
    const bytes = skip === 0 ? lines : lines.subarray(skip);
    const whole = bytes.length > 0 && bytes[bytes.length - 1] === NEWLINE;
    const text = bytes.toString('latin1', 0, bytes.length);
    const block = this.#made(whole ? text : `${text}\n`, this.#offset + skip, bytes.length, isAscii(bytes), false);
    this.#offset += lines.length;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) this.#line++;
    this.#parts = [];
    this.#held = 0;
    return block;
  }

  #overlong(): Block {
    const block = this.#made('', this.#offset, this.#held, true, true);
    this.#offset += this.#held;
    this.#line++;
    this.#parts = [];
    this.#held = 0;
    this.#dropping = false;
    return block;
  }

  #made(text: string, offset: number, bytes: number, ascii: boolean, overlong: boolean): Block {
    return { kind: 'block', file: this.#file, text, offset, bytes, line: this.#line, ascii, overlong, head: this.#head };
  }
}
