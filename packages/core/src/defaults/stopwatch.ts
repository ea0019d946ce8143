/** Milliseconds of a clock that only rises: for durations, which never reach the journal. */
export function elapsed(): number {
  return performance.now();
}
