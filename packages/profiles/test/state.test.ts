import { countDistinct, pack, SeededRandom, unpack } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { busyRate, HOUR, live, MINUTE, MONDAY, profiler, step, WEEK } from './world.ts';

const subject = profiler();

/** Every mix full of names of that alphabet, longer than any limit. */
function fullest(group: string, zone: string, alphabet: string, users: number) {
  const random = new SeededRandom(alphabet);
  let state = subject.begin({ id: group, zone, stepMs: MINUTE });
  state = live(subject, state, { from: MONDAY, to: MONDAY + WEEK + 7 * MINUTE }, random, (at) => busyRate(at, zone) + 0.1);
  const name = (i: number) => `${String.fromCharCode(65 + i)}${alphabet.repeat(60)}`;
  const at = MONDAY + WEEK + HOUR + 1;
  return subject.fold(
    state,
    step(at, 1234.5, 'observed', (usage) => {
      for (let i = 0; i < 30; i++) {
        for (const mix of ['resources', 'features', 'countries', 'accessLevels'] as const) usage[mix].counts.set(name(i), i + 0.1);
      }
      usage.sessionEnds = 17;
      usage.sessionLengths = new Array(17).fill(1.5);
      const hashes = new Set<number>();
      while (hashes.size < users) hashes.add(0x80000000 + random.below(0x7fffffff));
      usage.users = { hashes };
      Object.assign(usage, { pop: name(0) });
    }),
  );
}

/** A store's key holds 512 bytes: `profile/` and the percent-encoded group. */
const LONGEST = 504;
const ZONE = 'America/Argentina/ComodRivadavia';

test.each([
  ['a', 192],
  ['a', 193],
  ['a', 5000],
  ['ü', 192],
  ['日', 192],
  ['🛰', 192],
])('at most 4096 bytes when everything is full: names of %s, %i users', (alphabet, users) => {
  let state = fullest('g'.repeat(LONGEST), ZONE, alphabet, users);
  // Eight POPs, one after another.
  for (let i = 1; i < 10; i++) {
    state = subject.fold(
      state,
      step(state.lastStep + MINUTE, 7.7, 'observed', (usage) =>
        Object.assign(usage, { pop: `${String.fromCharCode(65 + i)}${alphabet.repeat(60)}` }),
      ),
    );
  }
  const bytes = subject.encode(state);
  expect(bytes.length).toBeLessThanOrEqual(4096);
  // And it was the worst case.
  expect(bytes.length).toBeGreaterThan(3700);
  expect(subject.profile(subject.decode(bytes)).resources).toHaveLength(12);
});

test('names are cut to whole characters, so that they read back', () => {
  const state = fullest('g', 'UTC', '🛰', 3);
  const { resources } = subject.profile(subject.decode(subject.encode(state)));
  for (const { key } of resources) {
    expect(new TextEncoder().encode(key).length).toBeLessThanOrEqual(36);
    expect(key).toMatch(/^.🛰{8}$/u);
  }
});

test.each([50, 192, 193, 4000])('what is read back expects and says the same, and goes on alike: %i users', (users) => {
  const state = fullest('g', 'Europe/Berlin', 'a', users);
  const bytes = subject.encode(state);
  const copy = subject.decode(bytes);
  for (let at = MONDAY; at < MONDAY + WEEK; at += 15 * MINUTE) expect(subject.expected(copy, at)).toBe(subject.expected(state, at));
  expect(copy.users).toEqual(state.users);
  expect(countDistinct(copy.users)).toBe(countDistinct(state.users));
  expect(subject.encode(copy)).toEqual(bytes);
  const { resources, ...said } = subject.profile(copy);
  const { resources: _, ...meant } = subject.profile(state);
  expect(said).toMatchObject({ weekly: meant.weekly, users: meant.users, peaks: meant.peaks, steps: meant.steps });
  expect(resources[0]?.key).toBe(subject.profile(state).resources[0]?.key);
  for (let i = 1; i < 100; i++) {
    const next = step(state.lastStep + MINUTE, 100 + i);
    subject.fold(copy, next);
    subject.fold(state, next);
  }
  expect(copy.shape).toEqual(state.shape);
});

test('a state that is read shares nothing with its bytes', () => {
  const bytes = subject.encode(fullest('g', 'UTC', 'a', 300));
  const before = bytes.slice();
  const state = subject.decode(bytes);
  live(subject, state, { from: state.lastStep + MINUTE, to: state.lastStep + 5 * HOUR }, new SeededRandom(1), () => 50);
  expect(bytes).toEqual(before);
});

test('bytes that are no profile are refused', () => {
  const good = subject.encode(fullest('g', 'UTC', 'a', 300));
  const fields = () => unpack<Record<string, unknown>>(good);
  for (const bytes of [
    new Uint8Array(),
    Uint8Array.of(0),
    Uint8Array.of(0xc0),
    new TextEncoder().encode('profile'),
    good.slice(0, good.length - 1),
    good.slice(1),
    pack(null),
    pack({ v: 1 }),
    pack({ ...fields(), v: 2 }),
    pack({ ...fields(), g: 7 }),
    pack({ ...fields(), z: 'Mars/Olympus' }),
    pack({ ...fields(), n: [1, 2, 3, 4, 5, Number.NaN] }),
    pack({ ...fields(), n: [1, 2] }),
    pack({ ...fields(), t: undefined }),
    pack({ ...fields(), d: new Float32Array(95) }),
    pack({ ...fields(), w: undefined }),
    pack({ ...fields(), ds: new Uint8Array(3) }),
    pack({ ...fields(), ws: undefined }),
    pack({ ...fields(), m: [] }),
    pack({ ...fields(), u: new Uint8Array(1024) }),
  ]) {
    expect(() => subject.decode(bytes)).toThrow();
  }
});

test('random bytes are refused', () => {
  const random = new SeededRandom(9);
  for (let i = 0; i < 300; i++) {
    const bytes = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
    expect(() => subject.decode(bytes)).toThrow();
  }
});
