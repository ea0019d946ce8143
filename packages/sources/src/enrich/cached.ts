import { detach } from '../lines/index.ts';

/** Keys that are kept before the cache starts anew. */
const LIMIT = 65_536;

/** Remembers what a pure function of text gave. Bounded: cleared when full, since what repeats comes back at once. */
export function cached(compute: (key: string) => string, limit = LIMIT): (key: string) => string {
  const known = new Map<string, string>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= limit) known.clear();
    const own = detach(key);
    const made = detach(compute(own));
    known.set(own, made);
    return made;
  };
}
