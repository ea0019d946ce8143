import { hash32 } from '@auspex/numerics';
import type { Block } from './block.ts';

/** Resources and countries whose shares are remembered: the most frequent, pruned to this many once they are a quarter more. */
const RESOURCES = 256;
const COUNTRIES = 64;
/** Share of all requests from which a resource is a common one. */
const COMMON = 0.002;
/** Steps before it is said what is common, and how much a source does: at first nothing is. */
const FIRST = 10;

/** The counts of a block that are remembered as they are. */
const SUMMED = [
  'steps',
  'requests',
  'sourced',
  'sources',
  'top',
  'heavy',
  'heavyOf',
  'users',
  'seen',
  'stayed',
  'signIns',
  'signInFailures',
  'levelled',
  'signedIn',
] as const;

/** What is usual of a series: sums over steps that were no surge, those long past counting less. Data. */
export interface Usual extends Record<(typeof SUMMED)[number], number> {
  /** Steps that were learnt, all alike. */
  learnt: number;
  /** Distinct resources of each step that were not common, and the requests of those steps. */
  rare: number;
  rareOf: number;
  /** By hash of the resource, by code of the country: their weight; and the weight of all, also of those that are not remembered. */
  resources: Map<number, number>;
  resourceTotal: number;
  countries: Map<string, number>;
  countryTotal: number;
}

export function emptyUsual(): Usual {
  const sums = Object.fromEntries(SUMMED.map((name) => [name, 0])) as Record<(typeof SUMMED)[number], number>;
  return { ...sums, learnt: 0, rare: 0, rareOf: 0, resources: new Map(), resourceTotal: 0, countries: new Map(), countryTotal: 0 };
}

/** Learns a step that is no surge, in place. @param keep share of what was known that is kept */
export function learnUsual(usual: Usual, block: Block, keep: number): void {
  const known = usual.learnt >= FIRST;
  usual.learnt++;
  for (const name of SUMMED) usual[name] = keep * usual[name] + block[name];
  usual.rare = keep * usual.rare + (known ? block.rare : 0);
  usual.rareOf = keep * usual.rareOf + (known ? block.requests : 0);
  usual.resourceTotal = keep * usual.resourceTotal + addAll(usual.resources, block.resources, keep, RESOURCES, resourceKey);
  usual.countryTotal = keep * usual.countryTotal + addAll(usual.countries, block.countries, keep, COUNTRIES, (code) => code);
}

/** @returns what was added, with what is in no key of its own */
function addAll<K extends number | string>(
  to: Map<K, number>,
  { counts, other }: Block['resources'],
  keep: number,
  cap: number,
  keyOf: (name: string) => K,
): number {
  let sum = other;
  for (const [key, weight] of to) to.set(key, keep * weight);
  for (const [name, count] of counts) {
    const key = keyOf(name);
    to.set(key, (to.get(key) ?? 0) + count);
    sum += count;
  }
  if (to.size > cap * 1.25) {
    // Equal weights are told apart by their keys, so that the order of arrival does not matter.
    const lightest = [...to].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1)).slice(0, to.size - cap);
    for (const [key] of lightest) to.delete(key);
  }
  return sum;
}

/** Names of resources are as long as clients like: a hash of them is kept. */
function resourceKey(resource: string): number {
  return hash32(resource);
}

/** Requests of a usual source of a step; undefined = not known yet. */
export function requestsEach(usual: Usual): number | undefined {
  return usual.learnt >= FIRST && usual.sources > 0 ? usual.sourced / usual.sources : undefined;
}

/** Usual share of a resource, of a country: 0 where it is not remembered. */
export function resourceShare(usual: Usual, resource: string): number {
  return usual.resourceTotal > 0 ? (usual.resources.get(resourceKey(resource)) ?? 0) / usual.resourceTotal : 0;
}

export function countryShare(usual: Usual, country: string): number {
  return usual.countryTotal > 0 ? (usual.countries.get(country) ?? 0) / usual.countryTotal : 0;
}

export function isCommon(usual: Usual, resource: string): boolean {
  return resourceShare(usual, resource) >= COMMON;
}

/** Share of requests that are usually for resources that are not common, and that of the most common one. */
export function tailOf(usual: Usual): { readonly tail: number; readonly most: number } {
  let [common, most] = [0, 0];
  for (const weight of usual.resources.values()) {
    const share = weight / usual.resourceTotal;
    if (share >= COMMON) common += share;
    most = Math.max(most, share);
  }
  return { tail: Math.max(0, 1 - common), most };
}
