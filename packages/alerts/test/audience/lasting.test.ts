import type { Anomaly } from '@auspex/contracts';
import { expect, test } from 'vitest';
import { type Block, mergeBlocks } from '../../src/audience/block.ts';
import { evidenceOf } from '../../src/audience/evidence.ts';
import { MINUTE, times, Watch } from './tools.ts';

const flood = (minute = 0) => times(600, (n) => [{ user: 1_000_000 + (n % 7), resource: `/x/${minute * 600 + n}` }]);

test('a surge is not learnt as usual, and what came with a hostile one is not known afterwards', () => {
  const watch = new Watch().ordinary(120);
  const [learnt, mean] = [watch.state.usual.learnt, watch.state.level.mean];
  for (let n = 0; n < 30; n++) expect(watch.surge(1, () => flood(n)).score).toBeGreaterThan(0);
  expect(watch.state.usual.learnt).toBe(learnt);
  expect(watch.state.level.mean).toBe(mean);
  const worst = watch.state.episode?.worst as number;
  expect(worst).toBeGreaterThan(0.5);
  watch.ordinary(4);
  expect(watch.state.episode).toBeUndefined();
  // They are back, and as new as they were: what speaks against them has not become weaker.
  const again = watch.surge(5, flood);
  expect(again.hostility?.probability).toBeGreaterThan(0.5);
});

test('the guests of an audience are known when they come back', () => {
  const watch = new Watch().ordinary(120);
  const guests = (minute: number) => times(90, (n) => watch.site.page(2_000_000 + (90 * minute + n), n % 3 === 0, '/launch'));
  const strangers = ({ hostility }: Anomaly): string =>
    evidenceOf({
      block: mergeBlocks(watch.state.episode?.older as Block, watch.state.episode?.newer as Block),
      usual: watch.state.usual,
      known: watch.state.known,
    }).find(({ of }) => of === 'new-users')?.text ?? `not judged: ${hostility?.text}`;
  expect(Number.parseInt(strangers(watch.surge(8, guests)), 10)).toBeGreaterThan(50);
  watch.ordinary(5);
  expect(watch.state.episode).toBeUndefined();
  expect(Number.parseInt(strangers(watch.surge(8, guests)), 10)).toBeLessThan(20);
});

test('one quiet minute does not end a surge, three do', () => {
  const watch = new Watch().ordinary(120);
  watch.surge(5, flood);
  const began = watch.state.episode?.began;
  expect(watch.see(watch.site.minute()).score).toBe(0);
  watch.surge(1, flood);
  expect(watch.state.episode?.began).toBe(began);
  watch.ordinary(3);
  expect(watch.state.episode).toBeUndefined();
});

test('a level that lasts becomes usual, though the forecast has not learnt it', () => {
  const watch = new Watch({ settle: '1h' }).ordinary(120);
  const see = (): number => {
    const value = 400 / 60;
    const step = watch.step;
    watch.step += MINUTE;
    return watch.detector.detect(watch.state, { step, value, truth: 'observed' }, 100 / 60).score;
  };
  const scores = Array.from({ length: 120 }, see);
  expect(scores.slice(0, 60).every((score) => score > 0)).toBe(true);
  expect(scores.slice(61).every((score) => score === 0)).toBe(true);
});

test('a forecast that follows the surge does not end it', () => {
  const watch = new Watch().ordinary(120);
  let expected = 100 / 60;
  const scores = Array.from({ length: 40 }, () => {
    const value = 600 / 60;
    const { score } = watch.detector.detect(watch.state, { step: watch.step, value, truth: 'observed' }, expected);
    watch.step += MINUTE;
    expected += 0.2 * (value - expected);
    return score;
  });
  expect(scores.every((score) => score > 0)).toBe(true);
});

test('its state stays small, also while it is attacked with ever new resources, countries and sources', () => {
  const watch = new Watch().ordinary(60);
  const size = (): number => watch.detector.encode(watch.state).length;
  const country = (n: number): string => String.fromCharCode(65 + (n % 26), 65 + ((n >> 3) % 26));
  const attack = (minutes: number, from: number): void => {
    watch.surge(minutes, (minute) =>
      times(700, (n) => {
        const id = 700 * (from + minute) + n;
        return [{ user: 3_000_000 + id, resource: `/${'y'.repeat(40)}/${id}`, country: country(id) }];
      }),
    );
  };
  attack(40, 0);
  const half = size();
  attack(40, 40);
  expect(half).toBeLessThan(120_000);
  expect(size()).toBeLessThan(half * 1.1);
  watch.ordinary(10);
  expect(size()).toBeLessThan(16_000);
});

test('a state that was read back within a surge judges on alike', () => {
  const watch = new Watch().ordinary(120);
  watch.surge(4, flood);
  const bytes = watch.detector.encode(watch.state);
  const other = new Watch().ordinary(120);
  other.surge(4, flood);
  other.state = other.detector.decode(bytes);
  const next = (one: Watch) => Array.from({ length: 20 }, (_, n) => one.surge(1, () => flood(n)));
  expect(next(other)).toEqual(next(watch));
});

test('a step without a surge is cheap', () => {
  const watch = new Watch().ordinary(300);
  const hits = watch.site.minute();
  const began = process.cpuUsage();
  for (let n = 0; n < 2_000; n++) watch.see(hits);
  const { user, system } = process.cpuUsage(began);
  // With the making of its usage; generous, since machines differ: a second is half a millisecond a step.
  expect((user + system) / 1e6).toBeLessThan(3);
});
