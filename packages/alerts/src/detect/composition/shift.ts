import type { Tally } from '@auspex/contracts';
import { missing, type Weights } from './mix.ts';

/** Shares wander by themselves: by so much of a share it is no shift, however many requests tell it. */
const WANDERS = 0.1;
/** Shares less far apart than this make no shift, however sure: nobody gets up for one request in five hundred. */
const MATTERS = 0.002;
/** What a key that was never seen weighs. */
const UNSEEN = 0.5;
/** What stands for all keys that are none of their own. */
export const REST = '';

/** How far a mix is from the usual one, and by what most. */
export interface Shift {
  readonly figure: number;
  /** `REST` = by those that are seldom seen. */
  readonly key: string;
  readonly share: number;
  readonly usually: number;
}

/**
 * How rare a count is, as the likelihood ratio has it (the term of a G-test): exp of minus half of it. It is divided by how much more the count varies than by
 * counting alone, since the usual shares are counted too, and wander. Half a count apart is nothing apart.
 */
function distanceOf(count: number, expected: number, requests: number, all: number): number {
  const off = count - expected;
  if (Math.abs(off) <= 0.5 || Math.abs(off) < MATTERS * requests) return 0;
  const n = count - 0.5 * Math.sign(off);
  const deviance = 2 * ((n > 0 ? n * Math.log(n / expected) : 0) - n + expected);
  return deviance / (1 + requests / all + WANDERS ** 2 * expected);
}

/** What is known of a figure: it lies between these. */
type Range = readonly [least: number, most: number];

/** The distance of the nearest of what both may be. */
function apart([low, high]: Range, [least, most]: Range, requests: number, all: number): number {
  if (low > most) return distanceOf(low, most, requests, all);
  return high < least ? distanceOf(high, least, requests, all) : 0;
}

/**
 * The distance of counts from their usual shares: the sum over keys. Of keys that were not always told apart, on either side, the nearest that they may have
 * been: a page that has just become a key of its own is not new.
 *
 * @param requests total of the counts
 * @param weight total of the usual ones
 */
export function shiftOf(usual: Weights, weight: number, seen: Tally | Weights, requests: number): Shift {
  const all = weight + UNSEEN * (usual.counts.size + 1);
  const each = requests / all;
  let [figure, most, rest, hidden, slack] = [0, -1, requests, 0, 0];
  let [key, count, usually] = [REST, 0, 0];
  for (const [name, own] of usual.counts) {
    const now = seen.counts.get(name) ?? 0;
    const [more, unseen] = [missing(seen, name), missing(usual, name)];
    const off = apart([now, now + more], [each * (own + UNSEEN), each * (own + unseen + UNSEEN)], requests, all);
    rest -= now;
    slack += more;
    hidden += unseen;
    figure += off;
    if (off > most) [most, key, count, usually] = [off, name, now, own + unseen];
  }
  // Where the rest is large, one of it that is more than any of it may have been must not hide there.
  if (usual.lost > 0) {
    const known: Range = [0, each * (usual.lost + UNSEEN)];
    for (const [name, now] of seen.counts) {
      const off = usual.counts.has(name) ? 0 : apart([now, now], known, requests, all);
      if (off === 0) continue;
      rest -= now;
      figure += off;
      if (off > most) [most, key, count, usually] = [off, name, now, usual.lost];
    }
  }
  const least = Math.max(0, usual.other - hidden);
  const off = apart([Math.max(0, rest - slack), rest], [each * (least + UNSEEN), each * (usual.other + UNSEEN)], requests, all);
  if (off > most) [key, count, usually] = [REST, rest, usual.other];
  return { figure: figure + off, key, share: count / requests, usually: (usually + UNSEEN) / all };
}

/** The share that a key of a shift has in other counts. @param requests total of the counts */
export function shareIn(usual: Weights, { counts }: Tally, requests: number, key: string): number {
  if (key !== REST) return (counts.get(key) ?? 0) / requests;
  let rest = requests;
  for (const name of usual.counts.keys()) rest -= counts.get(name) ?? 0;
  return rest / requests;
}

/** The most frequent key that is none of the usual ones, where it is most of those. */
export function newestIn(usual: Weights, { counts, other }: Tally): { readonly key: string; readonly count: number } | undefined {
  let [key, count, rest] = [REST, 0, other];
  for (const [name, own] of counts) {
    if (usual.counts.has(name)) continue;
    rest += own;
    if (own > count) [key, count] = [name, own];
  }
  return count > rest / 2 ? { key, count } : undefined;
}
