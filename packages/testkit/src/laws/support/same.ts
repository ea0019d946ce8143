/**
 * Where two plain values differ, as a path and both sides; undefined where they do not. Numbers are alike within `tolerance`
 * of their size: sums in another order are no difference.
 */
export function difference(a: unknown, b: unknown, tolerance = 0, path = ''): string | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a === 'number' && typeof b === 'number') {
    const near = Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
    return near ? undefined : `${path || 'it'} is ${a} and ${b}`;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return `${path || 'it'} is ${show(a)} and ${show(b)}`;
  const [left, right] = [parts(a), parts(b)];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const found = difference(left.get(key), right.get(key), tolerance, path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function parts(value: object): Map<string, unknown> {
  if (value instanceof Map) return new Map([...value].map(([key, inner]) => [String(key), inner]));
  if (value instanceof Set) return new Map([...value].map((inner) => [String(inner), true]));
  return new Map(Object.entries(value));
}

function show(value: unknown): string {
  if (typeof value === 'symbol' || value === undefined) return String(value);
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
