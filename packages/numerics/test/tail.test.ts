import { describe, expect, it } from 'vitest';
import {
  emptyTail,
  isTail,
  learnBounded,
  learnInto,
  pack,
  SeededRandom,
  scoreOf,
  surpriseAbove,
  surpriseIn,
  surpriseOf,
  unpack,
} from '../src/index.ts';

const exponential = (random: SeededRandom): number => -Math.log(1 - random.next());

describe('scores', () => {
  it('are 1 - p down to p = 1e-6', () => {
    for (const surprise of [0.3, 1, 2, 4, 5, 6]) expect(scoreOf(surprise)).toBeCloseTo(1 - 10 ** -surprise, 12);
    expect([scoreOf(0), scoreOf(-3), scoreOf(Number.NaN)]).toEqual([0, 0, 0]);
  });

  it('rise far beyond it, and never reach 1', () => {
    let last = 0;
    for (let surprise = 0.05; surprise < 300; surprise += 0.05) {
      const score = scoreOf(surprise);
      expect(score).toBeGreaterThan(last);
      last = score;
    }
    expect(scoreOf(1e300)).toBeLessThan(1);
  });

  it('say what they were made of', () => {
    for (const surprise of [0.1, 1, 4, 5.9, 6.1, 8, 12, 40]) expect(surpriseOf(scoreOf(surprise)) / surprise).toBeCloseTo(1, 3);
    expect(Number.isFinite(surpriseOf(1))).toBe(true);
    expect(surpriseOf(0)).toBe(0);
  });
});

describe('a tail', () => {
  it.each([1e-9, 1, 1e9])('knows how rare an exponential figure is, in units of %d', (unit) => {
    const random = new SeededRandom('tail');
    const tail = emptyTail();
    for (let n = 0; n < 20_000; n++) learnInto(tail, unit * exponential(random));
    for (const p of [0.3, 0.1, 0.01, 1e-3, 1e-5, 1e-8]) {
      const surprise = surpriseIn(tail, -Math.log(p) * unit);
      expect(surprise / -Math.log10(p)).toBeGreaterThan(0.85);
      expect(surprise / -Math.log10(p)).toBeLessThan(1.15);
    }
  });

  it('knows it also where most figures are too small to be told apart', () => {
    const random = new SeededRandom('above');
    const tail = emptyTail();
    // One in a hundred is above 2, by an exponential of mean 3.
    for (let n = 0; n < 20_000; n++) learnBounded(tail, random.next() < 0.01 ? 2 + 3 * exponential(random) : random.next(), 2, 1e6);
    for (const p of [1e-3, 1e-4, 1e-6]) {
      const ratio = surpriseAbove(tail, 2 + 3 * Math.log(0.01 / p), 2) / -Math.log10(p);
      expect(ratio).toBeGreaterThan(0.8);
      expect(ratio).toBeLessThan(1.6);
    }
    expect(surpriseAbove(tail, 1.9, 2)).toBe(0);
  });

  it('says nothing before it knows something', () => {
    const tail = emptyTail();
    expect([surpriseIn(tail, 5), surpriseAbove(tail, 5, 1)]).toEqual([0, 0]);
    for (let n = 0; n < 19; n++) learnInto(tail, 1);
    expect(surpriseIn(tail, 1e6)).toBe(0);
    learnInto(tail, 1);
    expect(surpriseIn(tail, 1e6)).toBeGreaterThan(2);
  });

  it('finds more than zero rare where all was zero', () => {
    const tail = emptyTail();
    for (let n = 0; n < 100; n++) learnInto(tail, 0);
    expect(surpriseIn(tail, 0)).toBeCloseTo(0, 6);
    expect(surpriseIn(tail, 1e-9)).toBeGreaterThan(50);
  });

  it('keeps what matters when a figure is ten orders of magnitude above all before', () => {
    const tail = emptyTail();
    for (let n = 0; n < 1000; n++) learnInto(tail, 1 + (n % 10) / 10);
    learnInto(tail, 1e15);
    expect(tail.counts.reduce((a, b) => a + b, 0)).toBe(1001);
    expect(surpriseIn(tail, 1e16)).toBeGreaterThan(2);
    expect(surpriseIn(tail, 1)).toBeLessThan(0.1);
  });

  it('forgets half where its memory is full', () => {
    const tail = emptyTail();
    for (let n = 0; n < 1000; n++) learnInto(tail, 1, 1000);
    expect(tail.n).toBe(500);
    for (let n = 0; n < 20_000; n++) learnInto(tail, 100, 1000);
    expect(surpriseIn(tail, 100)).toBeLessThan(0.5);
    expect(surpriseIn(tail, 120)).toBeGreaterThan(0.5);
  });

  it('learns of an extreme figure only so much that it would just stand out', () => {
    const random = new SeededRandom('bounded');
    const [bounded, open] = [emptyTail(), emptyTail()];
    for (let n = 0; n < 5000; n++) {
      const figure = exponential(random);
      learnBounded(bounded, figure, 0.01, 1e6);
      learnInto(open, figure);
    }
    for (let n = 0; n < 50; n++) {
      learnBounded(bounded, 1000, 0.01, 1e6);
      learnInto(open, 1000);
    }
    expect(surpriseIn(bounded, 15)).toBeGreaterThan(2.5);
    expect(surpriseIn(open, 15)).toBeLessThan(1.5);
  });

  it('is not stuck where all was alike for long: it learns that figures are larger now', () => {
    const tail = emptyTail();
    for (let n = 0; n < 3000; n++) learnBounded(tail, 0, 0.02, 20_000);
    const random = new SeededRandom('larger');
    for (let n = 0; n < 15_000; n++) learnBounded(tail, exponential(random), 0.02, 20_000);
    expect(surpriseIn(tail, 1)).toBeLessThan(1);
    expect(surpriseIn(tail, 4)).toBeLessThan(3);
  });

  it('is known again when it was written', () => {
    const tail = emptyTail();
    for (let n = 0; n < 100; n++) learnInto(tail, n);
    const back = unpack<unknown>(pack(tail));
    expect(isTail(back)).toBe(true);
    expect(back).toEqual(tail);
    for (const wrong of [undefined, null, {}, { ...tail, n: -1 }, { ...tail, counts: new Float32Array(3) }])
      expect(isTail(wrong)).toBe(false);
  });
});
