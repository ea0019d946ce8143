import { AuspexError } from '@auspex/contracts';
import type { Said } from './block.ts';
import { checkText, gzipChunks, type OpenFile, openFile, plainChunks } from './chunks.ts';
import { LineCutter } from './cutter.ts';
import { FileHead, HEAD_BYTES } from './head.ts';
import type { Position } from './position.ts';

/**
 * The lines of one file, from a position to its present end.
 *
 * @throws AuspexError SOURCE_NOT_FOUND, SOURCE_BINARY, SOURCE_POSITION_LOST, SOURCE_FAILED
 */
export async function* readFileLines(file: string, from: Position | undefined, signal: AbortSignal): AsyncGenerator<Said> {
  const opened = await openFile(file);
  try {
    if (!opened.gzip) await checkPosition(opened, file, from);
    const head = new FileHead(opened.gzip ? undefined : opened.first.subarray(0, HEAD_BYTES));
    const cutter = new LineCutter(file, head, from?.offset ?? 0, from?.line ?? 0);
    const chunks = opened.gzip ? unpacked(opened, file, head, from) : plainChunks(opened, from?.offset ?? 0);
    try {
      for await (const chunk of chunks) {
        if (signal.aborted) return;
        yield* cutter.push(chunk);
      }
    } catch (error) {
      // What was readable is delivered, its last line included only when it is whole.
      if (signal.aborted) return;
      throw error instanceof AuspexError ? error : readFailed(file, error);
    }
    yield* cutter.end();
    yield { kind: 'file-end', file, head };
  } finally {
    await opened.handle.close();
  }
}

/** @throws AuspexError SOURCE_POSITION_LOST when a plain file is shorter than the position, or is another one */
export async function checkPosition(opened: OpenFile, file: string, from: Position | undefined): Promise<void> {
  if (from === undefined) return;
  const { size } = await opened.handle.stat();
  if (size < from.offset) throw lost(file, `the file holds ${size} bytes, but reading stopped at byte ${from.offset}`);
  if (!sameHead(opened, from)) throw otherFile(file);
}

/** Is the opened file the one of the position, as far as its first bytes tell? */
export function sameHead(opened: OpenFile, from: Position): boolean {
  return new FileHead(opened.first.subarray(0, HEAD_BYTES)).hash(from.offset) === from.head;
}

async function* unpacked(opened: OpenFile, file: string, head: FileHead, from: Position | undefined): AsyncGenerator<Buffer> {
  const skip = from?.offset ?? 0;
  let seen = 0;
  for await (const chunk of gzipChunks(opened, file)) {
    if (seen === 0) checkText(chunk, file);
    head.add(chunk);
    // Before the first event goes out, not after the last.
    if (from && seen <= skip && seen + chunk.length > skip && head.hash(skip) !== from.head) throw otherFile(file);
    if (seen + chunk.length > skip) yield seen >= skip ? chunk : chunk.subarray(skip - seen);
    seen += chunk.length;
  }
  if (seen < skip) throw lost(file, `the file holds ${seen} bytes of text, but reading stopped at byte ${skip}`);
  if (from && head.hash(skip) !== from.head) throw otherFile(file);
}

function otherFile(file: string): AuspexError {
  return lost(file, 'the file begins with other text than the one that was read');
}

function lost(file: string, what: string): AuspexError {
  return new AuspexError('SOURCE_POSITION_LOST', what, { path: file });
}

/** A read that the system refused. */
export function readFailed(file: string, cause: unknown): AuspexError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new AuspexError('SOURCE_FAILED', `reading failed: ${text}`, { path: file, cause });
}
