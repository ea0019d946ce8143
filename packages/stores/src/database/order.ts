/** The first text after all that begin with `prefix`, by the bytes of UTF-8; undefined = there is none. */
export function afterPrefix(prefix: string): string | undefined {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const next = (last.codePointAt(0) as number) + 1;
    if (next > 0x10ffff) continue;
    // Surrogates are no characters.
    return points.join('') + String.fromCodePoint(next >= 0xd800 && next <= 0xdfff ? 0xe000 : next);
  }
  return undefined;
}

/** Entries of the next page so that it holds about `bytes`, whatever their size. */
export function pageSize(entries: number, read: number, bytes: number): number {
  return Math.max(4, Math.min(1_000, Math.floor(bytes / Math.max(1, read / Math.max(1, entries)))));
}
