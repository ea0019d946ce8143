import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pack, pinball, quantileSorted, Ring, unpack } from '../src/index.ts';

test('ring: the last so many, oldest first; NaN beyond', () => {
  const ring = new Ring(3);
  expect(ring.size).toBe(0);
  expect(ring.back(0)).toBeNaN();
  for (const value of [1, 2]) ring.push(value);
  expect([...ring.toArray()]).toEqual([1, 2]);
  for (const value of [3, 4]) ring.push(value);
  expect([...ring.toArray()]).toEqual([2, 3, 4]);
  expect([ring.back(0), ring.back(2), ring.back(3), ring.back(-1)]).toEqual([4, 2, Number.NaN, Number.NaN]);
  expect(ring.size).toBe(3);
  expect([...Ring.from(2, [5, 6, 7]).toArray()]).toEqual([6, 7]);
});

test('quantiles: type 7, monotone, between the ends', () => {
  expect(quantileSorted([], 0.5)).toBeNaN();
  expect(quantileSorted([3], 0.9)).toBe(3);
  expect(quantileSorted([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantileSorted([1, 2, 3, 4], 0)).toBe(1);
  expect(quantileSorted([1, 2, 3, 4], 1)).toBe(4);
  const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (list, p, q) => {
      const sorted = Float64Array.from(list).sort();
      const low = quantileSorted(sorted, Math.min(p, q));
      const high = quantileSorted(sorted, Math.max(p, q));
      expect(high).toBeGreaterThanOrEqual(low - 1e-6);
      expect(low).toBeGreaterThanOrEqual((sorted[0] as number) - 1e-6);
    }),
    { seed: 42 },
  );
});

test('pinball loss is least, on average, at the quantile', () => {
  const sorted = Array.from({ length: 1001 }, (_, i) => i);
  const loss = (q: number) => sorted.reduce((sum, y) => sum + pinball(y, q, 0.9), 0);
  expect(loss(900)).toBeLessThan(loss(850));
  expect(loss(900)).toBeLessThan(loss(950));
  expect([pinball(3, 1, 0.9), pinball(1, 3, 0.9), pinball(2, 2, 0.9)]).toEqual([1.8, expect.closeTo(0.2, 9), 0]);
});

test('pack: typed arrays, sets and plain data read back as they were; a map as an object', () => {
  const value = {
    bytes: Uint8Array.of(1, 255),
    signed: Int8Array.of(-1, 1),
    words: Uint32Array.of(1, 2 ** 32 - 1),
    floats: Float32Array.of(0.5, Number.NaN),
    doubles: Float64Array.of(0.1, -0, Number.POSITIVE_INFINITY),
    map: new Map([['a', 1]]),
    set: new Set([1, 'b']),
    list: [1, 2.5, -3, true, null, 'ü🛰', 2 ** 40],
    nested: { a: { b: [] } },
  };
  const read = unpack<typeof value>(pack(value));
  expect({ ...read, bytes: Uint8Array.from(read.bytes) }).toEqual({ ...value, map: { a: 1 } });
  expect(read.words).toBeInstanceOf(Uint32Array);
  expect(read.set).toBeInstanceOf(Set);
});

test('pack: bytes are ours alone, equal for equal values, and left as they were by reading', () => {
  const first = pack({ a: 1 });
  const copy = first.slice();
  expect(first.buffer.byteLength).toBe(first.length);
  pack({ b: 'something else' });
  unpack(first);
  expect(first).toEqual(copy);
  expect(pack({ a: 1 })).toEqual(copy);
});

test('unpack refuses bytes that end early or go on', () => {
  const bytes = pack({ text: 'some text' });
  expect(() => unpack(bytes.slice(0, -1))).toThrow();
  expect(() => unpack(new Uint8Array())).toThrow();
});
