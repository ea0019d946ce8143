/** Another wall clock and other chances: epoch ms, and what `Math.random` says. */
export interface Place {
  readonly now: number;
  readonly chance: number;
}

/** Two places whose times are alike in nothing, from the year to the millisecond and the weekday; the lowest draw, and the highest. */
export const PLACES: readonly [Place, Place] = [
  { now: Date.UTC(1999, 11, 31, 23, 58, 37, 411), chance: 0 },
  { now: Date.UTC(2099, 5, 17, 10, 7, 2, 93), chance: 0.999_999 },
];

/**
 * Runs `act` while the process's own clock (`Date.now`, `new Date()`, `Date()`) and chance are those of a place: a plugin that asks
 * them answers otherwise. Put back when it is over, whatever it did.
 */
export async function elsewhere<T>({ now, chance }: Place, act: () => T | Promise<T>): Promise<T> {
  const [RealDate, random] = [globalThis.Date, Math.random];
  const FakeDate: DateConstructor = new Proxy(RealDate, {
    construct: (target, given, made) => Reflect.construct(target, given.length > 0 ? given : [now], made === FakeDate ? target : made),
    apply: () => new RealDate(now).toString(),
    get: (target, key) => (key === 'now' ? () => now : Reflect.get(target, key)),
  });
  globalThis.Date = FakeDate;
  Math.random = () => chance;
  try {
    return await act();
  } finally {
    globalThis.Date = RealDate;
    Math.random = random;
  }
}

/** What `act` gives at each of the places. */
export async function everywhere<T>(act: () => T | Promise<T>): Promise<readonly [T, T]> {
  return [await elsewhere(PLACES[0], act), await elsewhere(PLACES[1], act)];
}
