/**
 * Refuses a promise where a stage answers at once. An author's `async` by mistake would otherwise be a state, a forecast or a
 * score that is none, and its rejection would end the process, since nobody waits for it.
 */
export function atOnce<T>(answer: T, method: string): T {
  if (typeof (answer as { then?: unknown } | undefined)?.then !== 'function') return answer;
  (answer as unknown as Promise<unknown>).then(undefined, () => undefined);
  throw new Error(`${method} answered with a promise; it has to answer at once`);
}
