/** The values of the last steps. */
export interface Recent {
  /** The oldest first, at most as many as `context` says. */
  values: number[];
  /** Values to come before they say what is recent: after a gap there are none. */
  wanted: number;
}

/** At the start all counts as recent: there is nothing yet that it could be compared with. */
export function beginRecent(): Recent {
  return { values: [], wanted: 0 };
}

/** What surrounds the newest value; NaN = not known, since steps before it are missing. */
export interface Surroundings {
  readonly before: number;
  readonly most: number;
  readonly spread: number;
}

/** Takes the newest value in. @param missed steps since the last one of which nothing is known */
export function pushRecent(recent: Recent, value: number, missed: number, context: number): Surroundings {
  if (missed > 0) passOver(recent, missed, context);
  const { values } = recent;
  const before = missed > 0 ? Number.NaN : (values.at(-1) ?? value);
  values.push(value);
  if (values.length > context) values.shift();
  if (values.length < recent.wanted) return { before, most: Number.NaN, spread: Number.NaN };
  recent.wanted = 0;
  let [most, sum, squares] = [Number.NEGATIVE_INFINITY, 0, 0];
  for (const each of values) {
    if (each > most) most = each;
    sum += each;
  }
  const mean = sum / values.length;
  for (const each of values) squares += (each - mean) * (each - mean);
  return { before, most, spread: Math.sqrt(squares / values.length) };
}

/** Missing steps are recent, too: they push out what is no longer. */
function passOver(recent: Recent, missed: number, context: number): void {
  const kept = Math.max(0, context - 1 - missed);
  if (recent.values.length > kept) Object.assign(recent, { values: kept > 0 ? recent.values.slice(-kept) : [], wanted: context / 2 });
}
