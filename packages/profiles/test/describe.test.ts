import { hash32 } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, MONDAY, profiler, step, WEEK } from './world.ts';

const subject = profiler();
const begin = (zone = 'UTC', stepMs = MINUTE) => subject.begin({ id: 'g', zone, stepMs });

test('a profile of nothing', () => {
  const profile = subject.profile(begin());
  expect(profile).toMatchObject({ group: 'g', zone: 'UTC', measure: 'requests', steps: 0, perMinute: 0, perHour: 0, peaks: [] });
  expect(profile.weekly).toEqual(new Array(168).fill(0));
  expect(profile.sessions).toBeUndefined();
  expect(profile.resources).toEqual([]);
  expect(profile.users).toEqual({ today: 0, usualDay: 0 });
});

test.each([5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR])('rates and peaks of a known week, steps of %i ms', (stepMs) => {
  let state = begin('+05:30', stepMs);
  const local = -5.5 * HOUR;
  for (let at = MONDAY + local; at < MONDAY + local + 6 * WEEK; at += stepMs) {
    const offset = at - MONDAY - local;
    const hour = Math.floor((offset % DAY) / HOUR);
    const peak = Math.floor((offset % WEEK) / DAY) === 2 && hour === 20;
    state = subject.fold(state, step(at, ((peak ? 300 : 100) * stepMs) / MINUTE));
  }
  const profile = subject.profile(state);
  expect(profile.steps).toBe((6 * WEEK) / stepMs);
  expect(profile.perMinute).toBeGreaterThan(95);
  expect(profile.perMinute).toBeLessThan(110);
  expect(profile.perHour).toBeCloseTo(profile.perMinute * 60, 6);
  expect(profile.weekly[10]).toBeGreaterThan(90);
  expect(profile.weekly[10]).toBeLessThan(110);
  expect(profile.peaks).toHaveLength(5);
  expect(profile.peaks[0]).toMatchObject({ day: 2, hour: 20 });
  expect(profile.peaks[0]?.perMinute).toBeGreaterThan(200);
});

test('sessions: median, p90 and number an hour from known lengths', () => {
  let state = begin();
  // 60 % of sessions last 64..128 s, 35 % 512..1024 s, 5 % 4096..8192 s; one a minute.
  for (let i = 0; i < (2 * WEEK) / MINUTE; i++) {
    const bin = i % 20 < 12 ? 6 : i % 20 < 19 ? 9 : 12;
    state = subject.fold(
      state,
      step(MONDAY + i * MINUTE, 5, 'observed', (usage) => {
        usage.sessionEnds = 1;
        usage.sessionLengths = Array.from({ length: bin + 1 }, (_, at) => (at === bin ? 1 : 0));
      }),
    );
  }
  const { median, p90, perHour } = subject.profile(state).sessions ?? { median: 0, p90: 0, perHour: 0 };
  expect(median).toBeGreaterThan(64);
  expect(median).toBeLessThan(128);
  expect(p90).toBeGreaterThan(900);
  expect(p90).toBeLessThan(1024);
  // Two weeks are one half-life: the estimate must not wait for more.
  expect(perHour).toBeGreaterThan(58);
  expect(perHour).toBeLessThan(62);
});

test('sessions shorter than two seconds, and longer than every bin', () => {
  const of = (lengths: number[]) =>
    subject.profile(
      subject.fold(
        begin(),
        step(MONDAY, 1, 'observed', (usage) => {
          usage.sessionEnds = 1;
          usage.sessionLengths = lengths;
        }),
      ),
    ).sessions;
  expect(of([1])).toMatchObject({ median: 1, p90: 1.8 });
  expect(of([...new Array(16).fill(0), 1])?.median).toBeGreaterThan(65_536);
});

test('a session that ended while nothing was observed has no rate yet', () => {
  const state = subject.fold(
    begin(),
    step(MONDAY, 1, 'censored', (usage) => {
      usage.sessionEnds = 1;
      usage.sessionLengths = [0, 1];
    }),
  );
  expect(subject.profile(state).sessions?.perHour).toBe(0);
});

test('shares of resources, features, countries, access levels and POPs, heaviest first', () => {
  const state = subject.fold(begin(), {
    step: MONDAY,
    truth: 'observed',
    usage: [
      ...step(MONDAY, 30, 'observed', (usage) => {
        usage.resources.counts.set('/a', 10).set('/b', 20);
        usage.features.counts.set('pay', 30);
        usage.countries.counts.set('DE', 30);
        usage.accessLevels.counts.set('free', 30);
      }).usage,
      ...step(MONDAY, 10, 'observed', (usage) => {
        usage.resources.counts.set('/a', 10);
        Object.assign(usage, { pop: 'fra' });
      }).usage,
    ],
  });
  const profile = subject.profile(state);
  expect(profile.resources).toEqual([
    { key: '/a', share: 0.5 },
    { key: '/b', share: 0.5 },
  ]);
  expect(profile.features).toEqual([{ key: 'pay', share: 1 }]);
  expect(profile.countries).toEqual([{ key: 'DE', share: 1 }]);
  expect(profile.accessLevels).toEqual([{ key: 'free', share: 1 }]);
  expect(profile.pops).toEqual([
    { key: 'ams', share: 0.75 },
    { key: 'fra', share: 0.25 },
  ]);
});

test.each(['14d', '1h'])('what was used a half-life of %s ago weighs half', (mixHalfLife) => {
  const quick = profiler({ mixHalfLife });
  const after = mixHalfLife === '1h' ? HOUR : 2 * WEEK;
  let state = quick.begin({ id: 'g', zone: 'UTC', stepMs: MINUTE });
  state = quick.fold(
    state,
    step(MONDAY, 4, 'observed', (usage) => usage.resources.counts.set('/old', 4)),
  );
  state = quick.fold(
    state,
    step(MONDAY + after, 4, 'observed', (usage) => usage.resources.counts.set('/new', 4)),
  );
  const [first, second] = quick.profile(state).resources;
  expect(first).toEqual({ key: '/new', share: expect.closeTo(2 / 3, 9) });
  expect(second).toEqual({ key: '/old', share: expect.closeTo(1 / 3, 9) });
});

test('shares stay right after hundreds of half-lives, and the lightest names make room', () => {
  const quick = profiler({ mixHalfLife: '1h' });
  let state = quick.begin({ id: 'g', zone: 'UTC', stepMs: HOUR });
  for (let i = 0; i < 500; i++) {
    state = quick.fold(
      state,
      step(MONDAY + i * HOUR, 4, 'observed', (usage) => usage.resources.counts.set('/a', 3).set(`/${i}`, 1)),
    );
  }
  const { resources } = quick.profile(state);
  expect(resources).toHaveLength(12);
  expect(resources[0]).toEqual({ key: '/a', share: expect.closeTo(0.75, 2) });
  expect(resources[1]?.key).toBe('/499');
});

test('users of today and of the usual day; the day is the local one', () => {
  const zone = 'America/New_York';
  let state = begin(zone, HOUR);
  const midnight = MONDAY + 5 * HOUR;
  for (let at = midnight; at < midnight + 3 * DAY + 6 * HOUR; at += HOUR) {
    state = subject.fold(
      state,
      step(at, 5, 'observed', (usage) => {
        // Twenty an hour; over a day each comes twice.
        for (let u = 0; u < 20; u++) if ('hashes' in usage.users) usage.users.hashes.add(hash32(`${((at - midnight) / HOUR) % 12}/${u}`));
      }),
    );
  }
  const { today, usualDay } = subject.profile(state).users;
  expect(today).toBe(120);
  expect(usualDay).toBeGreaterThan(220);
  expect(usualDay).toBeLessThan(260);
});

test('sensitivity is the option', () => {
  expect(subject.sensitivity(begin())).toBe(1);
  const keen = profiler({ sensitivity: 2.5 });
  const state = keen.begin({ id: 'g', zone: 'UTC', stepMs: MINUTE });
  expect(keen.sensitivity(state)).toBe(2.5);
  expect(keen.profile(state).sensitivity).toBe(2.5);
  expect(() => profiler({ sensitivity: 0 })).toThrow();
});

test('shorter half-lives follow faster', () => {
  const follow = (options: object) => {
    const quick = profiler(options);
    let state = quick.begin({ id: 'g', zone: 'UTC', stepMs: 15 * MINUTE });
    for (let i = 0; i < 96 * 22; i++) state = quick.fold(state, step(MONDAY + i * 15 * MINUTE, i < 96 * 21 ? 1000 : 2000));
    return quick.expected(state, MONDAY + 22 * DAY) as number;
  };
  expect(follow({ levelHalfLife: '6h' })).toBeGreaterThan(follow({}) * 1.2);
});
