import type { DistinctSketch, Tally, Usage } from '@auspex/contracts';
import { countDistinct, emptyDistinct, emptyTally, mergeDistinct, mergeTally } from '@auspex/numerics';

/** What some steps of a surge did together, as the evidence reads it. Blocks add up, as usage does. */
export interface Block {
  steps: number;
  /** Attempts of requests. */
  requests: number;
  /** Of them, those that would have come without a surge. */
  expected: number;
  /** Of each step: requests whose source is known, distinct sources, share of the heaviest one; summed over steps. */
  sourced: number;
  sources: number;
  top: number;
  /** Requests of each source beyond five times what a usual one makes; and the requests of the steps of which that is known. */
  heavy: number;
  heavyOf: number;
  /** Distinct users of each step, summed; of the steps but the last, and how many of those were there in the step after. */
  users: number;
  seen: number;
  stayed: number;
  /** All users of the block. */
  all: DistinctSketch;
  /** Distinct resources of each step that are not common ones, summed. */
  rare: number;
  /** Attempts by resource, the rarest of them together in `other`. */
  resources: Tally;
  countries: Tally;
  signIns: number;
  signInFailures: number;
  /** Events with an access level, and those of them that are of signed-in users. */
  levelled: number;
  signedIn: number;
}

export function emptyBlock(): Block {
  return {
    steps: 0,
    requests: 0,
    expected: 0,
    sourced: 0,
    sources: 0,
    top: 0,
    heavy: 0,
    heavyOf: 0,
    users: 0,
    seen: 0,
    stayed: 0,
    all: emptyDistinct(),
    rare: 0,
    resources: emptyTally(),
    countries: emptyTally(),
    signIns: 0,
    signInFailures: 0,
    levelled: 0,
    signedIn: 0,
  };
}

/** The sum of two blocks, as a new one. */
export function mergeBlocks(a: Block, b: Block): Block {
  const sum = { ...a };
  for (const key of Object.keys(a) as (keyof Block)[]) {
    const [left, right] = [a[key], b[key]];
    if (typeof left === 'number' && typeof right === 'number') (sum[key] as number) = left + right;
  }
  sum.all = mergeDistinct(a.all, b.all);
  sum.resources = mergeHeaviest(a.resources, b.resources);
  sum.countries = mergeTally(a.countries, b.countries);
  return sum;
}

/** Resources that a block keeps, and to how many it comes down once they are more. */
const RESOURCES = 512;
const HEAVIEST = 384;

/**
 * The sum of two tallies of a block, of which the heaviest keys are kept: a sample of keys, as usage keeps it, might lack the page that all come
 * for once somebody asks for a thousand others.
 */
function mergeHeaviest(a: Tally, b: Tally): Tally {
  const counts = new Map(a.counts);
  let other = a.other + b.other;
  for (const [key, count] of b.counts) counts.set(key, (counts.get(key) ?? 0) + count);
  if (counts.size <= RESOURCES) return { level: 0, counts, other };
  const heaviest = [...counts].sort(([x, m], [y, n]) => n - m || (x < y ? -1 : 1));
  for (const [, count] of heaviest.splice(HEAVIEST)) other += count;
  return { level: 0, counts: new Map(heaviest), other };
}

/** Access levels that are of nobody in particular. */
const ANONYMOUS = /^(anonymous|anon|guest|public|none|unauthenticated|visitor)?$/i;

/**
 * A closed step as a block.
 *
 * @param expected requests that would have come without a surge
 * @param before users of the step before, where they are known
 * @param isCommon is the resource one of those that are asked for often?
 * @param each requests of a usual source of a step; undefined = not known
 */
export function blockOf(
  usage: Usage,
  expected: number,
  before: DistinctSketch | undefined,
  isCommon: (resource: string) => boolean,
  each: number | undefined,
): Block {
  const { resources, countries, accessLevels, kinds } = usage;
  const users = countDistinct(usage.users);
  const seen = before === undefined ? 0 : countDistinct(before);
  const levelled = total(accessLevels);
  let anonymous = 0;
  for (const [level, count] of accessLevels.counts) if (ANONYMOUS.test(level)) anonymous += count;
  let [rare, rareCount] = [0, 0];
  for (const [resource, count] of resources.counts) {
    if (isCommon(resource)) continue;
    rare++;
    rareCount += count;
  }
  const requests = usage.offered + usage.retried;
  return {
    steps: 1,
    requests,
    expected: Math.min(requests, expected),
    ...sourcesOf(usage.sources, each),
    users,
    seen,
    stayed: before === undefined || seen === 0 ? 0 : within(seen + users - countDistinct(mergeDistinct(before, usage.users)), seen),
    // A copy: the usage is not ours to keep.
    all: mergeDistinct(usage.users, emptyDistinct()),
    rare: rare * 2 ** resources.level,
    // Of more resources than usage keeps, the kept ones are a sample: of the others, as many are rare as it says, and nothing is known of the rest.
    resources: { level: 0, counts: resources.counts, other: Math.min(resources.other, rareCount * (2 ** resources.level - 1)) },
    countries,
    signIns: kinds.counts.get('sign-in') ?? 0,
    signInFailures: kinds.counts.get('sign-in-failure') ?? 0,
    levelled,
    signedIn: levelled - anonymous,
  };
}

/** So many times what a usual source makes is more than people do. */
const HEAVY = 5;

/** What the sources of a step did. Of more than are kept, the kept ones are a sample: its level says of how many. */
function sourcesOf(
  { counts, level, other }: Tally,
  each: number | undefined,
): Pick<Block, 'sourced' | 'sources' | 'top' | 'heavy' | 'heavyOf'> {
  const limit = HEAVY * (each ?? 0);
  let [kept, most, light] = [0, 0, 0];
  for (const count of counts.values()) {
    kept += count;
    most = Math.max(most, count);
    light += Math.min(count, limit);
  }
  const sourced = kept + other;
  return {
    sourced,
    sources: Math.min(sourced, counts.size * 2 ** level),
    top: sourced > 0 ? most / sourced : 0,
    // What the sample says of the light ones is true of all; a heavy one may not be in the sample, and is in what is left.
    heavy: each === undefined ? 0 : Math.max(0, sourced - light * 2 ** level),
    heavyOf: each === undefined ? 0 : sourced,
  };
}

export function total({ counts, other }: Tally): number {
  let sum = other;
  for (const count of counts.values()) sum += count;
  return sum;
}

function within(value: number, most: number): number {
  return Math.max(0, Math.min(most, value));
}
