/** What two policies are compared by: less is better in both. */
export interface Traded {
  readonly cost: number;
  readonly overload: number;
}

/** Those that no other is better than in one and at least as good in the other, cheapest first. NaN is never among them. */
export function nonDominated<T>(points: readonly T[], of: (point: T) => Traded): T[] {
  const sorted = points
    .filter((point) => Number.isFinite(of(point).cost) && Number.isFinite(of(point).overload))
    .sort((a, b) => of(a).cost - of(b).cost || of(a).overload - of(b).overload);
  const kept: T[] = [];
  for (const point of sorted) {
    const last = kept.at(-1);
    if (!last || of(point).overload < of(last).overload) kept.push(point);
  }
  return kept;
}
