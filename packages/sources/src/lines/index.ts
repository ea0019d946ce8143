import type { Readable } from 'node:stream';
import type { Clock, Logger } from '@auspex/contracts';
import { AuspexError } from '@auspex/contracts';
import type { Said } from './block.ts';
import { checkText } from './chunks.ts';
import { LineCutter } from './cutter.ts';
import { expandFiles } from './files.ts';
import { followFileLines } from './follow.ts';
import { FileHead } from './head.ts';
import type { Position } from './position.ts';
import { readFailed, readFileLines } from './read.ts';

export type { Block, Head, Said } from './block.ts';
export { expandFiles, partitionName } from './files.ts';
export { decodePosition, encodePosition, type Position } from './position.ts';
export { readFileLines } from './read.ts';
export { detach, excerpt, Interner, utf8 } from './text.ts';

/** Where lines come from: files, one after another, or one stream that is read once. */
export type Input =
  | { readonly files: readonly string[]; readonly follow: boolean; readonly poll: number }
  | { readonly stream: () => Readable; readonly name: string };

/**
 * The lines of an input after a position.
 *
 * @throws AuspexError SOURCE_NOT_FOUND, SOURCE_BINARY, SOURCE_POSITION_LOST, SOURCE_FAILED
 */
export async function* readLines(
  input: Input,
  from: Position | undefined,
  signal: AbortSignal,
  context: { readonly clock: Clock; readonly logger: Logger },
): AsyncGenerator<Said> {
  if ('stream' in input) {
    yield* streamLines(input.stream(), input.name, signal);
    return;
  }
  const files = await expandFiles(input.files);
  const start = from ? files.indexOf(from.file) : 0;
  if (start < 0) {
    throw new AuspexError('SOURCE_POSITION_LOST', `reading stopped in ${from?.file}, which is no longer among the files`, {
      path: input.files.join(','),
    });
  }
  for (let i = start; i < files.length && !signal.aborted; i++) {
    const file = files[i] as string;
    const position = i === start ? from : undefined;
    // Only the last one can still be written to.
    if (input.follow && i === files.length - 1) yield* followFileLines(file, position, signal, { ...context, poll: input.poll });
    else yield* readFileLines(file, position, signal);
  }
}

async function* streamLines(stream: Readable, name: string, signal: AbortSignal): AsyncGenerator<Said> {
  const head = new FileHead();
  const cutter = new LineCutter(name, head, 0, 0);
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    let first = true;
    for await (const piece of stream) {
      if (signal.aborted) return;
      const chunk = typeof piece === 'string' ? Buffer.from(piece) : (piece as Buffer);
      if (first) checkText(chunk, name);
      first = false;
      head.add(chunk);
      yield* cutter.push(chunk);
      // Not healthy: a pipe may bring a log of last year, for which the wall clock says nothing.
      yield { kind: 'idle', healthy: false };
    }
    if (signal.aborted) return;
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof AuspexError ? error : readFailed(name, error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  yield* cutter.end();
  yield { kind: 'file-end', file: name, head };
}
