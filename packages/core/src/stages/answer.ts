/** In place of a state that could not begin, or that a slot does not keep. A plugin without state may well begin with undefined. */
export const NONE: unique symbol = Symbol('no state');

/**
 * Refuses a promise where a stage answers at once. An author's `async` by mistake would otherwise be a state, a forecast or a
 * score that is none, and its rejection would end the process, since nobody waits for it.
 */
export function atOnce<T>(answer: T, method: string): T {
  if (typeof (answer as { then?: unknown } | undefined)?.then !== 'function') return answer;
  (answer as unknown as Promise<unknown>).then(undefined, () => undefined);
  throw new Error(`${method} answered with a promise; it has to answer at once`);
}
