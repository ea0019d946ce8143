/** Where a command reads and writes: the process, a thread of it, or a test. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Is stderr a terminal? Then progress, and log lines for people. */
  readonly tty: boolean;
  /** May `out` hold colours? Not in a pipe, and not where NO_COLOR is set. */
  readonly color: boolean;
  /** Can somebody answer? Then `init` asks. */
  readonly interactive: boolean;
  readonly width: number;
  readonly cwd: string;
  /** Told of every file that is being written, so that none is left when the command is ended from outside. */
  readonly writing?: (part: string) => void;
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** The process. The first Ctrl-C ends in good order, the second at once. */
export function processIo(): Io {
  const abort = new AbortController();
  const stop = (): void => {
    if (abort.signal.aborted) process.exit(130);
    process.stderr.write('\nstopping in good order; once more to stop at once\n');
    abort.abort(new DOMException('stopped', 'AbortError'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A reader that went away (`| head`) is no error of ours.
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    tty: process.stderr.isTTY === true,
    color: process.stdout.isTTY === true && !process.env['NO_COLOR'],
    interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
    width: process.stdout.columns ?? 100,
    cwd: process.cwd(),
    signal: abort.signal,
  };
}
