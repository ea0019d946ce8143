import { isDeepStrictEqual } from 'node:util';
import { must } from '../../law.ts';

/**
 * Where two plain values differ, as a path and both sides; undefined where they do not: the kit's one comparison. Maps, sets,
 * typed arrays and dates are looked into; a property that is undefined is one that is absent. Numbers are alike within
 * `tolerance` of their size: sums in another order are no difference.
 */
export function difference(a: unknown, b: unknown, tolerance = 0, path = ''): string | undefined {
  return isDeepStrictEqual(a, b) ? undefined : where(a, b, tolerance, path);
}

function where(a: unknown, b: unknown, tolerance: number, path: string): string | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a === 'number' && typeof b === 'number') {
    const near = Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
    return near ? undefined : `${path || 'it'} is ${a} and ${b}`;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return `${path || 'it'} is ${show(a)} and ${show(b)}`;
  // By tag and not by prototype: a runner may give each test file a realm of its own.
  const [tag, other] = [tagOf(a), tagOf(b)];
  if (tag !== other) return `${path || 'it'} is ${tag} and ${other}`;
  const [left, right] = [parts(a), parts(b)];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const found = where(left.get(key), right.get(key), tolerance, path === '' ? String(key) : `${path}.${String(key)}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

const tagOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1);

function parts(value: object): Map<unknown, unknown> {
  if (value instanceof Map) return value;
  if (value instanceof Set) return new Map([...value].map((inner) => [inner, true]));
  if (tagOf(value) === 'Date') return new Map([['time', (value as Date).getTime()]]);
  return new Map(Object.entries(value));
}

function show(value: unknown): string {
  if (typeof value !== 'object' && typeof value !== 'string') return String(value);
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Breaks with `seen` and the first place at which they differ, unless `a` and `b` are alike. */
export function mustBeAlike(a: unknown, b: unknown, seen: string): void {
  const found = difference(a, b);
  must(found === undefined, `${seen}: ${found}`);
}

/** All of `answers` are as the first. */
export function mustAgree(answers: readonly unknown[], seen: string): void {
  for (const answer of answers) mustBeAlike(answers[0], answer, seen);
}
