/**
 * Runs `act` while the process's own clock and chance are others than they are: a plugin that asks them answers otherwise.
 * Put back when it is over, whatever it did.
 *
 * @param now what `Date.now` says, epoch ms
 * @param chance what `Math.random` says, 0..1
 */
export async function elsewhere<T>(now: number, chance: number, act: () => T | Promise<T>): Promise<T> {
  const [clock, random] = [Date.now, Math.random];
  Date.now = () => now;
  Math.random = () => chance;
  try {
    return await act();
  } finally {
    Date.now = clock;
    Math.random = random;
  }
}

/** Two such places, far apart. */
export const ELSEWHERE = [
  [Date.UTC(2001, 8, 9), 0.1],
  [Date.UTC(2050, 5, 15), 0.9],
] as const;
