import { SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { clearSlot, copyRow, delaysOf, INPUTS, learnRow, partsOf, SLOTS } from '../src/leaders/belief.ts';
import { chooseLeaders, type Member } from '../src/leaders/choose.ts';
import { beginProof, closeDay, noteGain, type Proof } from '../src/leaders/proof.ts';
import { beginSignInHabit, expectedSignIns, learnSignIns } from '../src/leaders/sign-ins.ts';
import { beginSignal, hear, type Signal } from '../src/leaders/signal.ts';
import { beginLeaders, decodeLeaders, encodeLeaders, isUsed, type LeadersState, place, reach } from '../src/leaders/state.ts';
import { leadText } from '../src/leaders/text.ts';
import { bursts, type LeadingWorld, noise, type Played, play, START, usual } from './leading.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

interface Asked {
  readonly seed: string | number;
  readonly stepMs?: number;
  readonly days?: number;
  /** Bursts of the pool come so long after those of `a`; undefined = they are its own. */
  readonly lagMs?: number | undefined;
  /** Day from which they are its own. */
  readonly ends?: number;
}

/** Bursts at random, three a day: of group `a`, and a while later of the pool. */
function world({ seed, stepMs = MINUTE, days = 12, lagMs, ends = days }: Asked): LeadingWorld {
  const random = new SeededRandom(`world ${seed}`);
  const steps = Math.round((days * DAY) / stepMs);
  const [first, own] = [bursts(random, steps, stepMs), bursts(random, steps, stepMs)];
  const [ofGroup, ofPool] = [noise(random, steps), noise(random, steps)];
  const lag = lagMs === undefined ? undefined : Math.round(lagMs / stepMs);
  const bursting = (i: number): boolean => (lag === undefined || i * stepMs >= ends * DAY ? own[i] : first[i - lag]) === true;
  return {
    stepMs,
    days,
    leadMs: 8 * MINUTE,
    groups: { a: (i) => usual(i, stepMs) * (first[i] ? 3 : 1) * Math.exp(ofGroup[i] as number) },
    demand: (i) => (bursting(i) ? 2.5 : 1) * Math.exp(ofPool[i] as number),
    judged: steps / 2,
  };
}

const days = (told: Played['told'], used: boolean): number[] => told.flatMap((each) => (each.used === used ? [each.day] : []));

describe('a group that leads a pool by ten minutes', () => {
  const asked = world({ seed: 1, lagMs: 10 * MINUTE });
  const whole = play(asked);

  it('is used once it has proved itself, and makes the forecast at the lead time of eight minutes better', () => {
    expect(whole.told.map(({ name, used }) => [name, used])).toEqual([['a', true]]);
    expect(days(whole.told, true)[0]).toBeLessThan(10);
    expect(whole.loss.with / whole.loss.without).toBeLessThan(0.8);
    expect(whole.notices.map(({ code }) => code)).toEqual(['LEADER_USED']);
    expect(whole.notices[0]?.text).toBe('b: group a leads it: forecasts that go by it have been better, and it is used from now on');
  });

  it('is named where it moves a forecast, with the factor, and moves nothing else', () => {
    const told = whole.forecasts.flatMap((forecast) => {
      const leaders = whole.leaders.told(forecast);
      return leaders ? [{ forecast, leaders }] : [];
    });
    const strongest = told.reduce((most, each) =>
      Math.abs(Math.log(each.leaders[0]?.factor as number)) > Math.abs(Math.log(most.leaders[0]?.factor as number)) ? each : most,
    );
    expect(Math.abs(Math.log(strongest.leaders[0]?.factor as number))).toBeLessThanOrEqual(Math.LN2 + 1e-6);
    expect(strongest.leaders[0]?.text).toMatch(/^group a was \d+ % (above|below) its habit( \d+m ago)?: [+-]\d+ % in 8m$/);
    const { planned, groups, all } = whole.leaders.said(strongest.forecast, strongest.forecast);
    expect(groups).toBe(all);
    const rows = planned.horizon.map((_, row) => (all.quantiles[row * 8 + 3] as number) / (planned.quantiles[row * 8 + 3] as number));
    planned.quantiles.forEach((q, i) => {
      expect(all.quantiles[i]).toBeCloseTo(q * (rows[Math.floor(i / 8)] as number), 6);
    });
    const paths = { horizon: planned.horizon, count: 1, rates: Float64Array.from(planned.horizon, () => 10) };
    const moved = whole.leaders.paths(all, () => paths as never).rates;
    rows.forEach((factor, row) => {
      expect(moved[row]).toBeCloseTo(10 * factor, 6);
    });
  });

  it('goes on the same after its state was written and read in the middle', () => {
    const half = 4_321;
    const first = play({ ...asked, until: half });
    const decoded = decodeLeaders(encodeLeaders(first.state.leaders));
    expect(encodeLeaders(decoded)).toEqual(encodeLeaders(first.state.leaders));
    const state = { ...first.state, leaders: decoded };
    const on = { ...asked, until: half + 600 };
    const again = play({ ...on, from: { state, step: half } });
    const straight = play({ ...on, from: { state: first.state, step: half } });
    expect(again.forecasts).toEqual(straight.forecasts);
    expect(encodeLeaders(again.state.leaders)).toEqual(encodeLeaders(straight.state.leaders));
  });
});

describe('a group that leads no more', () => {
  it('is dropped within a week, once it has made forecasts worse', () => {
    for (const seed of [1, 2, 3]) {
      const { told, notices } = play(world({ seed, lagMs: 10 * MINUTE, days: 18, ends: 10 }));
      expect(days(told, true)).toHaveLength(1);
      expect(days(told, false)).toHaveLength(1);
      expect(days(told, false)[0]).toBeGreaterThan(10);
      expect(days(told, false)[0]).toBeLessThanOrEqual(17);
      expect(notices.map(({ code }) => code)).toEqual(['LEADER_USED', 'LEADER_DROPPED']);
    }
  });
});

describe('sign-ins before requests', () => {
  it('are used once they have proved themselves', () => {
    const random = new SeededRandom('signs');
    const steps = 12 * 1440;
    const first = bursts(random, steps, MINUTE);
    const ofPool = noise(random, steps);
    const { told, loss } = play({
      stepMs: MINUTE,
      days: 12,
      leadMs: 8 * MINUTE,
      groups: {},
      signIns: (i) => Math.max(0, (usual(i, MINUTE) / 200) * (first[i] ? 4 : 1) * (1 + 0.2 * random.normal())),
      demand: (i) => (first[i - 10] ? 2.5 : 1) * Math.exp(ofPool[i] as number),
      judged: steps / 2,
    });
    expect(told.map(({ name, used }) => [name, used])).toEqual([['sign-ins', true]]);
    expect(loss.with / loss.without).toBeLessThan(0.85);
  });

  it('are expected by the hour of the week, once a day was seen', () => {
    const habit = beginSignInHabit();
    const rate = (hour: number): number => (hour % 24 >= 8 && hour % 24 < 18 ? 2 : 0.2) * (hour >= 120 ? 0.5 : 1);
    for (let i = 0; i < 28 * 1440; i++) {
      if (i === 1439) expect(expectedSignIns(habit, 9)).toBeUndefined();
      const hour = Math.floor(i / 60) % 168;
      learnSignIns(habit, hour, rate(hour), MINUTE);
    }
    for (const hour of [3, 9, 17, 23, 124, 130]) {
      const expected = expectedSignIns(habit, hour) as number;
      expect(expected / rate(hour)).toBeGreaterThan(0.7);
      expect(expected / rate(hour)).toBeLessThan(1.5);
    }
  });
});

it('of 200 worlds in which nobody leads, hardly any is told that somebody does', () => {
  const stepMs = 10 * MINUTE;
  const used = Array.from({ length: 200 }, (_, seed) => {
    const random = new SeededRandom(`nobody ${seed}`);
    const steps = 14 * 144;
    const burstsOf = (): ((i: number) => number) => {
      const [on, off] = [bursts(random, steps, stepMs), noise(random, steps, 0.1, 0.97)];
      return (i) => (on[i] ? 2.5 : 1) * Math.exp(off[i] as number);
    };
    const [a, c, signs, demand] = [burstsOf(), burstsOf(), burstsOf(), burstsOf()];
    const { told, loss } = play({
      stepMs,
      days: 14,
      leadMs: 10 * MINUTE,
      groups: { a: (i) => usual(i, stepMs) * a(i), c: (i) => usual(i, stepMs) * c(i) },
      signIns: (i) => signs(i),
      demand,
    });
    expect(loss.with / loss.without).toBeLessThan(1.05);
    return told.length > 0;
  });
  expect(used.filter((each) => each).length).toBeLessThanOrEqual(6);
});

describe('what is heard of a leader', () => {
  const steady = (signal: Signal, steps: number, random = new SeededRandom('steady')): void => {
    for (let i = 0; i < steps; i++) hear(signal, { rate: 50 * Math.exp(0.1 * random.normal()), expected: 40, bound: false }, MINUTE, 17);
  };

  it('is no news while it does what it usually does, whatever was expected of it', () => {
    const signal = beginSignal();
    steady(signal, 2_000);
    expect(signal.usual).toBeCloseTo(Math.log(50 / 40), 1);
    expect(signal.news.filter((news) => news !== 0).length).toBeLessThan(4);
    expect(signal.news).toHaveLength(17);
  });

  it('is news within two steps of a burst, nearly whole in three, and none where nothing is known', () => {
    const signal = beginSignal();
    steady(signal, 2_000);
    for (let i = 0; i < 3; i++) hear(signal, { rate: 150, expected: 40, bound: false }, MINUTE, 17);
    expect(signal.news.at(-2)).toBeGreaterThan(0.4);
    expect(signal.news.at(-1)).toBeGreaterThan(0.9);
    expect(signal.deviations.at(-1)).toBeCloseTo(Math.log(3), 1);
    hear(signal, undefined, MINUTE, 17);
    expect(signal.news.at(-1)).toBe(0);
  });

  it('is no news where capacity hides it below what is usual; above it is', () => {
    const signal = beginSignal();
    steady(signal, 2_000);
    for (let i = 0; i < 3; i++) hear(signal, { rate: 5, expected: 40, bound: true }, MINUTE, 17);
    expect(signal.news.at(-1)).toBe(0);
    for (let i = 0; i < 3; i++) hear(signal, { rate: 150, expected: 40, bound: true }, MINUTE, 17);
    expect(signal.news.at(-1)).toBeGreaterThan(0.9);
  });

  it('is little where there are few events: chance alone makes ratios of them', () => {
    const signal = beginSignal();
    const random = new SeededRandom('few');
    for (let i = 0; i < 2_000; i++) hear(signal, { rate: random.next() < 0.5 ? 0 : 2 / 60, expected: 1 / 60, bound: false }, MINUTE, 17);
    expect(signal.news.every((news) => Math.abs(news) < 0.1)).toBe(true);
  });
});

describe('what is believed of a row', () => {
  it('is what outcomes have shown, by leader, and nothing before', () => {
    const random = new SeededRandom('row');
    const row = copyRow();
    const parts = new Float32Array(SLOTS);
    const ask = (step: number): number[] => {
      partsOf(row, new Float64Array(INPUTS).fill(1), step, parts, 0);
      return [...parts];
    };
    expect(ask(START)).toEqual([0, 0, 0, 0]);
    for (let i = 0; i < 5_000; i++) {
      const inputs = Float64Array.from({ length: INPUTS }, () => (random.next() < 0.2 ? random.normal() : 0));
      learnRow(row, inputs, 0.5 * (inputs[4] as number) - 0.3 * (inputs[6] as number) + 0.1 * random.normal(), START + i * MINUTE, MINUTE);
    }
    const [first, second, third] = ask(START + 5_000 * MINUTE) as [number, number, number];
    expect(second).toBeCloseTo(0.2, 1);
    expect(first).toBeCloseTo(0, 1);
    expect(third).toBeCloseTo(0, 1);
    clearSlot(row, 1);
    expect(ask(START + 5_001 * MINUTE)[1]).toBe(0);
    expect(delaysOf(8 * MINUTE, MINUTE)).toEqual([0, 4, 8, 16]);
  });
});

describe('the proof of a leader', () => {
  const after = (gains: readonly number[], proof = beginProof()): Proof => {
    for (const gain of gains) {
      noteGain(proof, gain, 10);
      closeDay(proof);
    }
    return proof;
  };

  it('takes five days with news, in which gains are well above their error and a hundredth of the loss', () => {
    expect(after([1, 1.2, 0.9, 1.1]).used).toBe(false);
    expect(after([1, 1.2, 0.9, 1.1, 1]).used).toBe(true);
    expect(after([1, -2, 3, -1, 2, -2, 3]).used).toBe(false);
    expect(after([0.09, 0.1, 0.09, 0.1, 0.09, 0.1]).used).toBe(false);
    const quiet = after([1, 1.2, 0.9, 1.1]);
    for (let i = 0; i < 10; i++) closeDay(quiet);
    expect(quiet.used).toBe(false);
  });

  it('is lost by a few days of harm, and has to be given anew', () => {
    const proof = after([1, 1.2, 0.9, 1.1, 1, 1.3, 0.8]);
    expect(after([-0.1], proof).used).toBe(true);
    expect(after([-0.5, -0.5, -0.5], proof).used).toBe(false);
    expect(after([1, 1.2, 0.9, 1.1], proof).used).toBe(false);
    expect(after([1], proof).used).toBe(true);
  });
});

describe('who may lead a pool', () => {
  const names = ({ leaders }: LeadersState): (string | undefined)[] =>
    leaders.map((leader) => leader && (leader.source.kind === 'group' ? leader.source.group : 'sign-ins'));
  const member = (group: string, level: number, correlated: readonly [string, number, number?][] = []): Member => ({
    group,
    level,
    correlated: correlated.map(([other, r, lagMs = 0]) => ({ group: other, r, lagMs })),
  });
  const all = (): boolean => true;

  it('is who its largest members move with, not who trails; later they themselves; never who is nearly all of it', () => {
    const state = beginLeaders();
    const members = [
      member('big', 90, [
        ['free', 0.5],
        ['late', 0.9, -HOUR],
        ['small', 0.4],
      ]),
      member('small', 10, [['big', 0.9]]),
    ];
    chooseLeaders(state, members, all, START);
    expect(names(state)).toEqual([undefined, 'free', 'small', undefined]);
    const even = beginLeaders();
    for (let day = 0; day < 3; day++) chooseLeaders(even, [member('x', 40), member('y', 35), member('z', 25)], all, START + day * DAY);
    expect(names(even)).toEqual([undefined, 'x', 'y', undefined]);
    const alone = beginLeaders();
    for (let day = 0; day < 3; day++) chooseLeaders(alone, [member('only', 50)], all, START + day * DAY);
    expect(names(alone)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('keeps its place while it is used, and long enough to prove itself; who is gone gives it up', () => {
    const state = beginLeaders();
    const first = [
      member('big', 90, [
        ['p', 0.9],
        ['q', 0.8],
        ['r', 0.7],
      ]),
    ];
    chooseLeaders(state, first, all, START);
    const later = [
      member('big', 90, [
        ['s', 0.9],
        ['gone', 0.8],
      ]),
    ];
    chooseLeaders(state, later, all, START + 3 * DAY);
    expect(names(state)).toEqual([undefined, 'p', 'q', 'r']);
    const proof = state.leaders[1]?.proofs[0] as Proof;
    proof.used = true;
    expect(isUsed(state.leaders[1] as never)).toBe(true);
    chooseLeaders(state, later, (group) => group !== 'gone', START + 20 * DAY);
    expect(names(state)).toEqual([undefined, 'p', 's', 'r']);
  });

  it('are four at most, sign-ins among them, and their state is bounded', () => {
    const { state } = play({ ...world({ seed: 9, lagMs: 10 * MINUTE, days: 3 }), signIns: () => 1 });
    expect(state.leaders.leaders).toHaveLength(SLOTS);
    expect(state.leaders.leaders[0]?.source.kind).toBe('sign-ins');
    expect(state.leaders.waiting.length).toBeLessThanOrEqual(state.total.horizon.at(-1) as number);
    expect(encodeLeaders(state.leaders).length).toBeLessThan(60_000);
  });

  it('leaves nothing behind when its group is forgotten', () => {
    const { state, leaders } = play(world({ seed: 1, lagMs: 10 * MINUTE, days: 8 }));
    state.leaders.untold.push({ source: { kind: 'group', group: 'a' }, used: true });
    expect(leaders.forget([state], 'a')).toBe(1);
    expect(leaders.forget([state], 'a')).toBe(0);
    expect(names(state.leaders)).toEqual([undefined, undefined, undefined, undefined]);
    expect(state.leaders.untold).toEqual([]);
    expect(state.leaders.rows.every(({ gram, weights }) => [...gram, ...weights].every((value) => value === 0))).toBe(true);
    expect(state.leaders.waiting.every(({ inputs, parts }) => [...inputs, ...parts].every((value) => value === 0))).toBe(true);
  });
});

it('a lead time that changes keeps what is believed of the nearest rows, and gives up what waits', () => {
  const { state } = play(world({ seed: 1, lagMs: 10 * MINUTE, days: 8 }));
  const { leaders } = state;
  const before = leaders.rows.map(({ moment }) => [...moment]);
  const { horizon } = leaders;
  reach(leaders, [...horizon]);
  expect(leaders.rows.map(({ moment }) => [...moment])).toEqual(before);
  reach(leaders, [1, 2, 3, 10, 11, 12]);
  expect(leaders.rows.map(({ moment }) => [...moment])).toEqual([1, 2, 3, 10, 10, 10].map((ahead) => before[horizon.indexOf(ahead)]));
  expect(leaders.waiting).toEqual([]);
});

it('a state that was not written is refused', () => {
  expect(() => decodeLeaders(Uint8Array.of(129, 161, 118, 9))).toThrow('leaders of format 9');
  const state = beginLeaders();
  place(state, 1, { kind: 'group', group: 'a' }, START);
  expect(decodeLeaders(encodeLeaders(state))).toEqual(state);
});

it('says what a leader does in words', () => {
  const group = { kind: 'group', group: 'eu-free' } as const;
  expect(leadText(group, Math.log(1.4), 0, Math.log(1.12), 15 * MINUTE)).toBe('group eu-free was 40 % above its habit: +12 % in 15m');
  expect(leadText({ kind: 'sign-ins' }, Math.log(0.5), 8 * MINUTE, Math.log(0.9), 8 * MINUTE)).toBe(
    'sign-ins were 50 % below their habit 8m ago: -10 % in 8m',
  );
});
