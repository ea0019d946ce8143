import type { Tally } from '@auspex/contracts';
import { keyOf, totalOf, type Weights } from './mix.ts';

/** Shares wander by themselves: by so much of a share it is no shift, however many requests tell it. */
const WANDERS = 0.1;
/** Shares less far apart than this make no shift, however sure: nobody gets up for one request in five hundred. */
const MATTERS = 0.002;
/** What a key that was never seen weighs. */
const UNSEEN = 0.5;
/** What stands for all keys that are none of their own. */
const REST = '';

/** How far a mix is from the usual one, and by what most. */
export interface Shift {
  readonly figure: number;
  /** '' = many that are seldom seen. */
  readonly key: string;
  readonly share: number;
  readonly usually: number;
}

/** Of one count, as the likelihood ratio has it (the G-test's term): exp of minus half of it is how rare the count is. Half a count apart is nothing apart. */
function devianceOf(count: number, expected: number): number {
  const off = count - expected;
  if (Math.abs(off) <= 0.5) return 0;
  const n = count - 0.5 * Math.sign(off);
  return 2 * ((n > 0 ? n * Math.log(n / expected) : 0) - n + expected);
}

/**
 * The distance of counts from their usual shares: the sum over keys of their deviances, each by how much more it varies than by counting alone, since the usual
 * shares are counted too, and wander.
 */
export function shiftOf(usual: Weights, seen: Tally): Shift {
  const [requests, weight] = [totalOf(seen), totalOf(usual)];
  const all = weight + UNSEEN * (usual.counts.size + 1);
  let figure = 0;
  let most = { key: REST, off: -1, share: 0, usually: 0 };
  const add = (key: string, count: number, own: number): void => {
    const usually = (own + UNSEEN) / all;
    const expected = requests * usually;
    const matters = Math.abs(count - expected) >= MATTERS * requests;
    const off = matters ? devianceOf(count, expected) / (1 + requests / all + WANDERS ** 2 * expected) : 0;
    figure += off;
    if (off > most.off) most = { key, off, share: count / requests, usually };
  };
  let rest = seen.other;
  const present = new Map<string, number>();
  let newest: readonly [name: string, count: number] = [REST, 0];
  for (const [name, count] of seen.counts) {
    const key = keyOf(name);
    if (usual.counts.has(key)) present.set(key, (present.get(key) ?? 0) + count);
    else {
      rest += count;
      if (count > newest[1]) newest = [key, count];
    }
  }
  for (const [key, own] of usual.counts) add(key, present.get(key) ?? 0, own);
  add(REST, rest, usual.other);
  // Most of the rest may be one key, which has a name.
  const isOne = most.key === REST && newest[1] > rest / 2;
  return isOne
    ? { figure, key: newest[0], share: newest[1] / requests, usually: 0 }
    : { figure, key: most.key, share: most.share, usually: most.usually };
}
