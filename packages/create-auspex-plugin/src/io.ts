import type { Readable, Writable } from 'node:stream';

/** Where the command reads and writes: the process, or a test. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** May `out` hold colours? */
  readonly color: boolean;
  /** Can somebody answer? Then it asks for what is missing. */
  readonly interactive: boolean;
  readonly input: Readable;
  /** Where questions are shown. */
  readonly output: Writable;
  readonly cwd: string;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}
