/** Gives the event loop a turn: signals, timers and sockets are heard while a long catch-up goes on. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
