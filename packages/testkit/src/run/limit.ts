/** The promise, or a rejection with `message` after `ms`. The one place in the kit with a timer: a plugin that hangs must not hang the kit. */
export async function within<T>(promise: Promise<T>, ms: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), ms);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Closes what may throw, reject or hang when it is closed, where that is not the question. */
export async function closeQuietly(thing: { close?(): unknown } | undefined, ms = 1_000): Promise<void> {
  try {
    await within(Promise.resolve(thing?.close?.()), ms, 'close hangs');
  } catch {
    // The law that looks at closing says so; here it would hide what this law saw.
  }
}

/** Milliseconds of a clock that only rises. */
export function stopwatch(): () => number {
  const begun = performance.now();
  return () => performance.now() - begun;
}

/** Lets I/O that is under way end: waits until `done` or `ms` have passed. True = done. */
export async function eventually(done: () => boolean | Promise<boolean>, ms = 500): Promise<boolean> {
  const passed = stopwatch();
  for (;;) {
    if (await done()) return true;
    if (passed() > ms) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Calls `act` after `ms`; the answer calls it off. Keeps no process alive. */
export function afterMs(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms).unref();
  return () => clearTimeout(timer);
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
