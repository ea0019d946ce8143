import { createInterface } from 'node:readline/promises';
import type { Io } from './io.ts';
import { Stopped } from './wrong.ts';

/** A question: its text, and what makes a value of an answer. */
export interface Question<T> {
  readonly text: string;
  /** Taken where the answer is empty. */
  readonly usual?: string;
  /** @throws Error whose message says what is wrong: the question is put again */
  readonly read: (answer: string) => T;
}

/** Puts questions one after the other. */
export type Ask = <T>(question: Question<T>) => Promise<T>;

/**
 * Gives `act` something to ask with, and takes the terminal back when it is over.
 *
 * @throws Stopped when whoever is asked presses Ctrl-C or ends the input
 */
export async function asking<T>(io: Pick<Io, 'input' | 'output' | 'err' | 'signal'>, act: (ask: Ask) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const stopped = (): void => stop.abort(new Stopped('nothing was written'));
  const lines = createInterface({ input: io.input, output: io.output });
  // In raw mode Ctrl-C is a key, and no signal; the end of the input would leave a question open for ever.
  lines.on('SIGINT', stopped).on('close', stopped);
  io.signal.addEventListener('abort', stopped, { once: true });
  if (io.signal.aborted) stopped();
  try {
    return await act((question) => put(question, (text) => lines.question(text, { signal: stop.signal }), io.err));
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    io.signal.removeEventListener('abort', stopped);
    lines.off('close', stopped).close();
  }
}

async function put<T>({ text, usual, read }: Question<T>, show: (text: string) => Promise<string>, err: Io['err']): Promise<T> {
  const shown = usual === undefined ? `${text}: ` : `${text} (${usual}): `;
  for (;;) {
    const answer = (await show(shown)).trim();
    try {
      return read(answer === '' && usual !== undefined ? usual : answer);
    } catch (error) {
      err(`${(error as Error).message}\n`);
    }
  }
}
