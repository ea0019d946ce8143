import type { Anomaly, Usage } from '@auspex/contracts';
import { emptyDistinct, emptyTally } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { times, usageOf, Watch } from './tools.ts';

const flood = (requests = 500) => times(requests, (n) => [{ user: 1_000_000 + (n % 3), resource: '/page/0' }]);

/** No verdict, the prior as score, and the reason said. */
function mustAbstain(anomaly: Anomaly, because: string): void {
  expect(anomaly.hostility?.probability).toBeUndefined();
  expect(anomaly.hostility?.contributions).toEqual([]);
  expect(anomaly.score).toBe(0.01);
  expect(anomaly.cause).toContain(because);
}

test('without a surge there is nothing to judge', () => {
  const watch = new Watch().ordinary(60);
  for (let n = 0; n < 30; n++) {
    const anomaly = watch.see(watch.site.minute());
    expect(anomaly).toMatchObject({ group: 'web', pop: 'fra', score: 0, cause: 'no surge' });
    expect(anomaly.hostility).toBeUndefined();
  }
});

test('where nothing is known of who came', () => {
  const watch = new Watch().ordinary(60);
  mustAbstain(
    watch.surge(
      5,
      () => flood(),
      () => undefined,
    ),
    'nothing is known of who came',
  );
});

test('where too little is known of what is usual', () => {
  mustAbstain(
    new Watch().ordinary(20).surge(5, () => flood()),
    'too little is known of what is usual',
  );
});

test('where few requests came on top', () => {
  const watch = new Watch({ requests: 10_000 }).ordinary(60);
  mustAbstain(
    watch.surge(2, () => flood()),
    'requests beyond the expected ones say too little',
  );
});

test('where only resources are known, as of a file of counts', () => {
  const bare = (usage: Usage): Usage => ({
    ...usage,
    kinds: emptyTally(),
    users: emptyDistinct(),
    sources: emptyTally(),
    countries: emptyTally(),
    accessLevels: emptyTally(),
  });
  const watch = new Watch().ordinary(60, bare);
  mustAbstain(
    watch.surge(5, () => flood(), bare),
    'only resources are known of it',
  );
});

test('what is missing is evidence of nothing', () => {
  const plain = (usage: Usage): Usage => ({ ...usage, kinds: emptyTally(), countries: emptyTally(), accessLevels: emptyTally() });
  const watch = new Watch().ordinary(120, plain);
  const { hostility } = watch.surge(5, () => flood(3_000), plain);
  expect(hostility?.probability).toBeGreaterThan(0.1);
  const found = (hostility?.contributions ?? []).map(({ of }) => of);
  expect(found.filter((of) => /failure|countries|signed/.test(of))).toEqual([]);
});

test('a step that is missing or masked is neither judged nor learnt, within a surge too', () => {
  const [watch, other] = [new Watch().ordinary(60), new Watch().ordinary(60)];
  for (const one of [watch, other]) one.surge(3, () => flood());
  const before = watch.detector.encode(watch.state);
  for (const truth of ['missing', 'masked'] as const) {
    expect(watch.see(flood(5_000), { truth })).toMatchObject({ score: 0, cause: `the step is ${truth}` });
    expect(watch.detector.encode(watch.state)).toEqual(before);
  }
});

test('a bound teaches nothing', () => {
  const watch = new Watch().ordinary(60);
  const before = watch.state.usual.learnt;
  watch.see(watch.site.minute(), { truth: 'censored' });
  expect(watch.state.usual.learnt).toBe(before);
});

test('early in the day nobody is called new', () => {
  const watch = new Watch().ordinary(120);
  // The next local day: hashes change with it, so all of them are others.
  watch.step = Date.UTC(2026, 0, 6);
  const { hostility } = watch.surge(3, () => flood());
  expect(hostility?.probability).toBeDefined();
  expect((hostility?.contributions ?? []).some(({ of }) => of === 'strangers-as-usual' || of === 'new-users')).toBe(false);
});

test('usage of the tests is what the contract says', () => {
  const { offered, sources, users } = usageOf(0, flood(6));
  expect([offered, sources.counts.size, [...sources.counts.values()]]).toEqual([6, 3, [2, 2, 2]]);
  expect('hashes' in users && users.hashes.size).toBe(3);
});
