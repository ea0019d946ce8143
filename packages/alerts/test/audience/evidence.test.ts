import { emptyDistinct } from '@auspex/numerics';
import { describe, expect, test } from 'vitest';
import { type Block, blockOf, emptyBlock, mergeBlocks } from '../../src/audience/block.ts';
import { EVIDENCE_IDS, type EvidenceId, evidenceOf } from '../../src/audience/evidence.ts';
import { emptyKnown, freshOf, meet, usualFresh } from '../../src/audience/known.ts';
import { emptyUsual, learnUsual, resourceShare, tailOf } from '../../src/audience/usual.ts';
import { amountOf } from '../../src/audience/verdict.ts';
import { WEIGHTS } from '../../src/audience/weights.ts';
import { type Hit, hashOf, times, usageOf } from './tools.ts';

const none = (): boolean => false;
const block = (hits: readonly Hit[], expected: number, before?: Block): Block => blockOf(usageOf(0, hits), expected, before?.all, none, 4);

/** Twenty steps of ten users with four requests each: three for `/`, one for `/a`. Five of the ten are new in each step. */
function learnt() {
  const [usual, known] = [emptyUsual(), emptyKnown(0)];
  let before: Block | undefined;
  for (let step = 0; step < 20; step++) {
    const hits = times(10, (n) =>
      ['/', '/', '/', '/a'].map((resource) => ({ user: 5 * step + n, resource, country: 'DE', level: n < 4 ? 'member' : 'anonymous' })),
    );
    const now = block(hits, 40, before);
    learnUsual(usual, now, 1);
    meet(known, now.all);
    before = now;
  }
  return { usual, known };
}

const read = (of: EvidenceId, surge: Parameters<typeof evidenceOf>[0]) => evidenceOf(surge).find((found) => found.of === of);

describe('by hand', () => {
  const { usual, known } = learnt();

  test('what is usual', () => {
    expect(usual.sourced / usual.sources).toBe(4);
    expect(usual.stayed / usual.seen).toBe(0.5);
    expect(resourceShare(usual, '/')).toBe(0.75);
    expect(tailOf(usual)).toEqual({ tail: 0, most: 0.75 });
    expect(usualFresh(known)).toBeCloseTo(0.5, 1);
  });

  test('requests a source, resources, signed-in users', () => {
    // Two machines with 80 requests each on top of the forty of ten users.
    const hits = [
      ...times(10, (n) =>
        ['/', '/', '/', '/a'].map((resource) => ({ user: 95 + n, resource, country: 'DE', level: n < 4 ? 'member' : 'anonymous' })),
      ),
      ...times(2, (n) => times(80, () => [{ user: 1_000 + n, resource: '/x', country: 'BR', level: 'anonymous' }])),
    ];
    const surge = { block: block(hits, 40), usual, known };
    // 160 requests of 2 sources, and of as many as the noise of ten: sqrt(10) + 0.5.
    const each = 160 / (2 + Math.sqrt(10) + 0.5);
    expect(read('requests-per-source', surge)?.value).toBeCloseTo(Math.log(each / 4) - Math.log(2), 9);
    expect(read('requests-per-source', surge)?.text).toBe(`${each.toFixed(1)} requests a source and step, usually 4.0`);
    expect(read('few-per-source', surge)?.value).toBe(0);
    expect(read('top-source', surge)?.value).toBeCloseTo(Math.log((80 / 200 + 0.03) / (0.1 + 0.03)) - 0.3, 9);
    // Each of the two made 60 more than five times the usual four.
    expect(read('heavy-sources', surge)?.value).toBeCloseTo(120 / 200 - 0.05, 9);
    // All that came on top asks for /x; three of four usually ask for /: less than 0.25 more is no sign.
    expect(read('one-resource', surge)?.value).toBe(0);
    expect(read('one-resource', surge)?.text).toBe('100 % of it asks for /x, usually 0 %');
    expect(read('new-countries', surge)).toMatchObject({ value: 1, text: '100 % of it comes from 1 countries that are seldom seen' });
    // 0 of 160 are signed in, where 0.4 are usual: leaning on the usual by 1 + sqrt(40) events.
    const doubt = 1 + Math.sqrt(40);
    expect(read('not-signed-in', surge)?.value).toBeCloseTo(0.4 - (doubt * 0.4) / (160 + doubt), 9);
  });

  test('new users, and those who stay', () => {
    const first = block(
      times(30, (n) => [{ user: 2_000 + n, resource: '/' }]),
      10,
    );
    const second = block(
      times(30, (n) => [{ user: 2_000 + n, resource: '/' }]),
      10,
      first,
    );
    const surge = { block: mergeBlocks(first, second), usual, known };
    expect(freshOf(known, surge.block.all)).toBe(30);
    // Of thirty, in both steps. A quarter of a user for each of the ten expected requests: 2.5 a step, half of whom stay.
    const [stays, expected] = [30, 2.5];
    const doubt = 1 + Math.sqrt(expected);
    expect(read('staying', surge)?.value).toBeCloseTo((stays - 0.5 * expected + doubt * 0.5) / (30 - expected + doubt) - 0.5 + 0.1, 6);
    // Expected: 2.5 x (1 + 0.5) users, of them 2.5 x 2 x the usual share of new ones.
    const fresh = usualFresh(known) as number;
    const [all, news] = [3.75, 5 * fresh];
    const lean = 1 + Math.sqrt(all);
    expect(read('new-users', surge)?.value).toBeCloseTo(Math.min(1, (30 - news + (lean * news) / all) / (30 - all + lean)) - news / all, 6);
  });

  test('failed sign-ins', () => {
    const attempts = times(100, (n) => [
      { user: 3_000 + n, resource: '/login' },
      { user: 4_000 + n, kind: 'sign-in-failure' as const },
    ]);
    const surge = { block: block(attempts, 0), usual, known };
    // Nothing is known of sign-ins: one of ten is believed to fail, with the weight of ten attempts.
    const share = (100 + 1) / 110;
    const odds = (of: number): number => Math.log((of + 0.005) / (1.005 - of));
    expect(read('failure-ratio', surge)?.value).toBeCloseTo(odds(share) - odds(0.1) - 1.2, 9);
    expect(read('failure-ratio', surge)?.text).toBe('92 % of its sign-ins failed, usually 10 %');
    expect(read('failures', surge)?.value).toBeCloseTo(Math.log(1.01 / 0.01) - 1.2, 9);
  });
});

test('a heavy source is seen where it is not among the sampled ones', () => {
  // 200 users with a request each, of whom usage keeps some; and one with 300, whom it does not keep.
  const light = times(200, (n) => [{ user: n, resource: '/' }]);
  const kept = usageOf(0, light).sources;
  const heavy = Array.from({ length: 50 }, (_, n) => 5_000 + n).find((user) => {
    const { counts } = usageOf(0, [...light, { user, resource: '/' }]).sources;
    return !counts.has(hashOf(user).toString(16).padStart(8, '0'));
  }) as number;
  expect(kept.level).toBeGreaterThan(0);
  const found = block([...light, ...times(300, () => [{ user: heavy, resource: '/' }])], 0);
  const without = block(light, 0);
  // All but twenty of them, five times the four that are usual, are heavy; so many are left where it is in no sample, too.
  expect(found.heavy - without.heavy).toBeGreaterThanOrEqual(280);
  expect(found.heavy - without.heavy).toBeLessThanOrEqual(300);
  expect(found.top).toBeLessThan(0.01);
});

test('evidence that is absent is left out', () => {
  const bare = { block: { ...emptyBlock(), steps: 1, requests: 500, all: emptyDistinct() }, usual: learnt().usual, known: emptyKnown(0) };
  expect(evidenceOf(bare)).toEqual([]);
});

test('blocks add up in either order, and a page that all ask for outlives a thousand others', () => {
  const steps = Array.from({ length: 6 }, (_, step) =>
    block(
      [...times(50, (n) => [{ user: n, resource: '/launch' }]), ...times(300, (n) => [{ user: n, resource: `/item/${300 * step + n}` }])],
      0,
    ),
  );
  const forth = steps.reduce(mergeBlocks, emptyBlock());
  const back = steps.toReversed().reduce(mergeBlocks, emptyBlock());
  expect(forth.resources.counts.get('/launch')).toBe(300);
  expect(back.resources.counts.get('/launch')).toBe(300);
  expect(forth.resources.counts.size).toBeLessThanOrEqual(512);
  for (const { resources } of [forth, back])
    expect([...resources.counts.values()].reduce((sum, n) => sum + n, resources.other)).toBe(6 * 350);
  expect(forth.requests).toBe(6 * 350);
});

test('no weight speaks against its sign', () => {
  for (const of of EVIDENCE_IDS) {
    expect(WEIGHTS.of[of].weight).toBeGreaterThanOrEqual(0);
    expect(amountOf({ of, value: 2 }, WEIGHTS)).toBeGreaterThanOrEqual(amountOf({ of, value: 1 }, WEIGHTS));
  }
});

test('hashes of the tests are spread', () => {
  expect(new Set(times(1_000, (n) => [hashOf(n) >>> 20])).size).toBeGreaterThan(800);
});
