/** Calls `beat` every `ms` until stopped; never keeps the process alive by itself. */
export function heartbeat(ms: number, beat: () => void): { stop(): void } {
  const timer = setInterval(beat, ms);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
