import { SeededRandom } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { countryOf, dressed } from '../../bench/cases/audience/dress.ts';
import { fitWeights, logitOf } from '../../bench/cases/audience/fit.ts';
import type { Episode } from '../../bench/cases/audience/play.ts';
import { auc, aucInterval, precisionAt, shareAbove, thresholdFor, upperBound } from '../../bench/cases/audience/score.ts';
import { drawShape, STEPS } from '../../bench/cases/audience/shape.ts';
import { EVIDENCE_IDS, type EvidenceId } from '../../packages/alerts/src/audience/evidence.ts';

test('the area under the ROC counts pairs, ties half', () => {
  // Of six pairs: 3 > 1, 3 > 2, 2 > 1, 2 = 2, 0 < 1, 0 < 2.
  expect(auc([3, 2, 0], [1, 2])).toBe(3.5 / 6);
  expect(auc([1], [1, 1])).toBe(0.5);
  const [low, high] = aucInterval([3, 2, 0], [1, 2], 'a');
  expect(low).toBeLessThan(3.5 / 6);
  expect(high).toBeGreaterThan(3.5 / 6);
});

test('an upper bound is that of Clopper and Pearson', () => {
  // None of n: 1 - 0.05^(1/n). One of ten: 0.3942.
  expect(upperBound(0, 100)).toBeCloseTo(1 - 0.05 ** 0.01, 9);
  expect(upperBound(1, 10)).toBeCloseTo(0.3942, 4);
  expect(upperBound(3, 3)).toBe(1);
});

test('a threshold is one that so few audiences exceed', () => {
  const scores = Array.from({ length: 1_000 }, (_, n) => n);
  const threshold = thresholdFor(scores, 0.01);
  const above = Math.round(1_000 * shareAbove(scores, threshold));
  expect(upperBound(above, 1_000)).toBeLessThanOrEqual(0.01);
  expect(upperBound(above + 1, 1_000)).toBeGreaterThan(0.01);
  // Of fifty audiences none can promise one of a hundred.
  expect(thresholdFor(scores.slice(0, 50), 0.01)).toBe(Number.POSITIVE_INFINITY);
});

test('precision follows from recall, false alarms and how rare attacks are', () => {
  expect(precisionAt(0.5, 0.005)).toBe(0.5);
  expect(precisionAt(0, 0)).toBe(0);
});

function episode(hostile: boolean, kind: Episode['kind'], value: number, of: EvidenceId): Episode {
  const seen = { evidence: [{ of, value, text: '' }], surge: true, perSource: 0 };
  return { kind, hostile, variant: '', world: '', intensity: 2, seen: { 2: seen, 5: seen, 10: seen } };
}

test('a fit separates what differs, and gives no weight a sign against what it speaks for', () => {
  const random = new SeededRandom(3);
  const drawn = (sign: number): Episode[] =>
    [true, false].flatMap((hostile) =>
      Array.from({ length: 300 }, () =>
        episode(hostile, hostile ? 'scraping' : 'news', random.normal() / 5 + (hostile ? sign * 0.5 : 0), 'not-signed-in'),
      ),
    );
  const right = fitWeights(drawn(1), 'a');
  const score = (one: Episode): number => logitOf(one.seen[5], right) as number;
  const found = drawn(1);
  expect(auc(found.filter(({ hostile }) => hostile).map(score), found.filter(({ hostile }) => !hostile).map(score))).toBeGreaterThan(0.93);
  // Attacks that have less of it than audiences: it is left out.
  expect(fitWeights(drawn(-1), 'a').of['not-signed-in'].weight).toBeLessThan(0.1);
  for (const of of EVIDENCE_IDS) expect(right.of[of].weight).toBeGreaterThanOrEqual(0);
});

test('attacks and audiences are of the same shapes', () => {
  const shapes = Array.from({ length: 200 }, (_, n) => drawShape(new SeededRandom(n)));
  expect(
    shapes.every(({ intensity, of }) => intensity >= 1.5 && intensity <= 10 && of.length === STEPS && of.every((share) => share >= 0)),
  ).toBe(true);
});

test('logs are dressed with what they lack', () => {
  expect(['a.b.de', 'x.ac.uk', 'm.mit.edu', '10.0.0.7', 'a.com', 'derec', 'a.b.fr~3'].map(countryOf)).toEqual([
    'DE',
    'GB',
    'US',
    undefined,
    undefined,
    undefined,
    'FR',
  ]);
  const request = (user: string, at: number) =>
    ({ at, kind: 'request', group: '', pop: '', outcome: 'served', user, resource: '/' }) as const;
  const users = Array.from({ length: 400 }, (_, n) => `host-${n}.de`);
  const events = dressed(users.flatMap((user) => [request(user, 0), request(user, 60_000)]));
  const signIns = events.filter(({ kind }) => kind === 'sign-in').length;
  expect(signIns / users.length).toBeGreaterThan(0.2);
  expect(signIns / users.length).toBeLessThan(0.4);
  // The second request is of the same visit.
  expect(events.filter(({ kind, at }) => kind === 'sign-in' && at > 0)).toEqual([]);
  expect(events.filter(({ kind }) => kind === 'request').length).toBeGreaterThanOrEqual(800);
});
