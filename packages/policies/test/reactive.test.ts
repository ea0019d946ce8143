import { readFileSync } from 'node:fs';
import type { Truth } from '@auspex/contracts';
import { pack } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { decodeReactive, type ReactiveState, reactiveAllocator, reactiveConfig } from '../src/index.ts';
import { context } from './context.ts';
import { input, NOON, pool, STEP, view } from './views.ts';

interface Golden {
  c: number;
  last: number;
  rate: number[];
  min: number;
  max: number;
  first: number;
  cases: { target: number; window: number; floor: number; orders: number[] }[];
}
const golden = JSON.parse(readFileSync(new URL('./golden/hpa.json', import.meta.url), 'utf8')) as Golden;
const create = (options: object = {}) => reactiveAllocator.create(reactiveConfig.parse(options), context);

describe('reactive allocator', () => {
  it.each(golden.cases)('orders what hpa() of the reference simulator orders: target $target, window $window, floor $floor', (kase) => {
    // Rates of the simulator are a minute; ours are a second: only the unit rate in the same unit matters.
    const own = pool({ unitRate: golden.c, target: 0.85, min: golden.min, max: golden.max });
    const allocator = create({ target: kase.target, stabilisation: `${kase.window}m`, min: kase.floor });
    let state = allocator.begin();
    let units = golden.first;
    const orders = golden.rate.map((_, t) => {
      const actual = t === 0 ? golden.last : (golden.rate[t - 1] as number);
      const [proposal] = allocator.allocate(state, input([view({ pool: own, units, actual })], { step: NOON + t * STEP }));
      // A snapshot and a restart in mid-trace must not be seen.
      if (t === 300) state = allocator.decode(allocator.encode(state));
      units = proposal?.units as number;
      return units;
    });
    expect(orders).toEqual(kase.orders);
  });

  it('keeps units when the step is missing, and says so', () => {
    const allocator = create();
    const [proposal] = allocator.allocate(allocator.begin(), input([view({ units: 9, actual: 0, truth: 'missing' })]));
    expect(proposal?.units).toBe(9);
    expect(proposal?.reasons[0]?.text).toBe('the last step is missing (absent, not zero): 9 units stay');
  });

  it('scales in only to the highest recommendation of the window, per pool', () => {
    const allocator = create();
    const state = allocator.begin();
    const at = (t: number, units: number, actual: number) =>
      allocator.allocate(
        state,
        input([view({ units, actual }), view({ pool: pool({ id: 'b' }), units: 1, actual: 3 })], { step: NOON + t * STEP }),
      );
    expect(at(0, 10, 70)[0]?.units).toBe(20);
    expect(at(1, 20, 35)[0]?.units).toBe(20);
    expect(at(1, 20, 35)[0]?.reasons[0]?.text).toContain('held at 20 by the highest of the stabilisation window');
    expect(at(5, 20, 35).map((proposal) => proposal.units)).toEqual([10, 1]);
  });

  it('a peak that was not ordered adds no units once it is over (regression: the window scaled out on falling demand)', () => {
    const allocator = create();
    const state = allocator.begin();
    const at = (t: number, units: number, actual: number) =>
      allocator.allocate(state, input([view({ units, actual })], { step: NOON + t * STEP }))[0];
    expect(at(0, 10, 70)?.units).toBe(20);
    // A limit kept it at 10.
    expect(at(1, 10, 30)?.units).toBe(10);
    expect(at(1, 10, 30)?.reasons[0]?.text).toContain('held at 10');
  });

  it('comes back from zero units and says "at least" of a censored step', () => {
    const allocator = create({ min: 0 });
    const empty = pool({ min: 0 });
    const run = (actual: number, truth: Truth) =>
      allocator.allocate(allocator.begin(), input([view({ pool: empty, units: 0, ready: 0, actual, truth })]))[0];
    expect(run(7, 'censored')?.units).toBe(2);
    expect(run(7, 'censored')?.reasons[0]?.text).toContain('7.00/s seen at least, no units');
    expect(run(0, 'censored')?.units).toBe(1);
    expect(run(0, 'observed')?.units).toBe(0);
  });

  it('reads a state from before there was a panic', () => {
    const state = decodeReactive(pack([['web', [[NOON - STEP, 20]]]]));
    expect(create().allocate(state, input([view({ units: 20, actual: 35 })]))[0]?.units).toBe(20);
  });

  it('refuses a state it did not write', () => {
    for (const odd of [[['web', [], [[1, 'x']]]], [['web', [], [], [1, null]]], [['web', 3]], { web: [] }])
      expect(() => decodeReactive(pack(odd))).toThrow(/not what it wrote/);
    expect(() => decodeReactive(new Uint8Array([1, 2, 3]))).toThrow(/STATE_UNREADABLE|not what it wrote/);
    expect(() => decodeReactive(new Uint8Array([0x91, 0x92, 0xa1, 0x61, 0x91, 0x92, 0xa1, 0x62, 1]))).toThrow(/not what it wrote/);
  });
});

/** Steps of one pool whose units are those that were recommended `lag` steps ago. */
function drive(options: object, rows: readonly { actual: number; truth?: Truth }[], first = 10, lag = 1, max = 1000): number[] {
  const allocator = create(options);
  let state = allocator.begin();
  const orders = [first];
  return rows.map(({ actual, truth = 'observed' }, t) => {
    const units = orders.at(-1) as number;
    const ready = orders[Math.max(0, orders.length - lag)] as number;
    const seen = view({ pool: pool({ max }), units, ready, actual, truth });
    const [proposal] = allocator.allocate(state, input([seen], { step: NOON + t * STEP }));
    state = allocator.decode(allocator.encode(state));
    orders.push(proposal?.units as number);
    return proposal?.units as number;
  });
}

describe('after a censored step', () => {
  // Ten units serve 50 a second at most; the bound says 50, which the HPA answers with ceil(50 / 3.5) = 15.
  const full = (units: number): { actual: number; truth: Truth } => ({ actual: units * 5, truth: 'censored' });

  it('asks for more than the bound: half as many again as are ready, at least one more, step by step until the maximum', () => {
    expect(drive({}, [full(10), full(15), full(23), full(35)], 10, 1, 50)).toEqual([15, 23, 35, 50]);
    expect(drive({}, [{ actual: 1, truth: 'censored' }], 1)).toEqual([2]);
    expect(drive({ censored: 3 }, [full(10)])).toEqual([30]);
    expect(drive({ censored: 1 }, [full(10)])).toEqual([15]);
    // The HPA of a target that is met: nothing is added where nothing is known of what was hidden.
    expect(drive({ censored: 1, target: 1 }, [full(10), full(10)])).toEqual([10, 10]);
    expect(drive({ target: 1 }, [full(10), full(15)])).toEqual([15, 23]);
  });

  it('does not ask again for what is on its way, and grows on from what became ready and was not enough', () => {
    expect(drive({ target: 1 }, [full(10), full(10), full(10), full(15), full(15)], 10, 3)).toEqual([15, 15, 15, 23, 23]);
  });

  it('removes nothing on the ground of a bound', () => {
    const allocator = create({ stabilisation: '1m' });
    const seen = view({ units: 40, ready: 10, actual: 50, truth: 'censored' });
    expect(allocator.allocate(allocator.begin(), input([seen]))[0]?.units).toBe(40);
  });

  it('says so', () => {
    const allocator = create({ target: 1 });
    const seen = view({ units: 10, ready: 10, actual: 50, truth: 'censored' });
    expect(allocator.allocate(allocator.begin(), input([seen]))[0]?.reasons[0]?.text).toBe(
      '50.0/s seen at least, 100 % of 10 units against an aim of 100 %: 15 units recommended; the true demand is unknown, 1.5 x 10 ready or one more',
    );
  });
});

describe('scaleOutTolerance', () => {
  it('at 0 lets a step above the plan raise the next decision; the way down keeps its tolerance', () => {
    // 36 / (10 x 3.5) = 1.03, inside the tolerance of the HPA; 33 / 35 = .94.
    expect(drive({}, [{ actual: 36 }])).toEqual([10]);
    expect(drive({ scaleOutTolerance: 0 }, [{ actual: 36 }])).toEqual([11]);
    expect(drive({ scaleOutTolerance: 0 }, [{ actual: 35 }])).toEqual([10]);
    expect(drive({ scaleOutTolerance: 0, stabilisation: '1m' }, [{ actual: 32 }])).toEqual([10]);
    expect(drive({ stabilisation: '1m' }, [{ actual: 31 }])).toEqual([9]);
  });
});

describe('panic', () => {
  const calm = (actual: number, steps: number) => Array.from({ length: steps }, () => ({ actual }));
  const quick = { stabilisation: '1m', tolerance: 0, panic: { stableWindow: '5m' } };

  it('is off by default', () => {
    expect(reactiveConfig.parse({}).panic).toBeUndefined();
  });

  it('in calm the mean of the stable window counts, and what is above the plan at once', () => {
    // Means: 35, 35, 31.5, 29.75: 10, 10, 9, 9 units; 20 alone would be 6.
    expect(drive(quick, [...calm(35, 2), { actual: 24.5 }, { actual: 24.5 }])).toEqual([10, 10, 9, 9]);
    expect(drive(quick, [...calm(35, 4), { actual: 50 }])).toEqual([10, 10, 10, 10, 15]);
    // Out has no tolerance of its own then, unless it is given.
    expect(drive({ panic: {} }, [{ actual: 36 }])).toEqual([11]);
    expect(drive({ panic: {}, scaleOutTolerance: 0.1 }, [{ actual: 36 }])).toEqual([10]);
  });

  it('begins at the threshold of what the ready units are planned for, and holds for a stable window after its last step', () => {
    const burst = [...calm(35, 3), { actual: 70 }, ...calm(7, 8)];
    // 70 = 2 x 10 x 3.5. The five steps after it hold; then the mean of 7 counts.
    expect(drive(quick, burst)).toEqual([10, 10, 10, 20, 20, 20, 20, 20, 20, 2, 2, 2]);
    // Just below the threshold it is no panic: the mean of the window brings it down as it passes.
    expect(drive(quick, [...calm(35, 3), { actual: 69 }, ...calm(7, 3)])).toEqual([10, 10, 10, 20, 11, 9, 8]);
    expect(drive({ ...quick, panic: { stableWindow: '5m', threshold: 3 } }, burst)[4]).toBe(11);
  });

  it('goes by the units that are ready, not by those on their way, and a step again above the threshold extends it', () => {
    const rows = [...calm(35, 1), { actual: 70 }, { actual: 7 }, { actual: 70 }, ...calm(7, 6)];
    // Three steps until ready: at 70 again still 10 are.
    expect(drive(quick, rows, 10, 4)).toEqual([10, 20, 20, 20, 20, 20, 20, 20, 20, 2]);
  });

  it('says so', () => {
    const allocator = create(quick);
    const state = allocator.begin();
    const at = (t: number, actual: number, units: number) =>
      allocator.allocate(state, input([view({ units, ready: units, actual })], { step: NOON + t * STEP }))[0]?.reasons[0]?.text;
    expect(at(0, 70, 10)).toBe(
      '70.0/s seen, 70.0/s over 5m, 140 % of 10 units against an aim of 70 %: 20 units recommended; panic, at least 2 times what the ready units are planned for: none fall until 5m have passed without it',
    );
    expect(at(2, 10, 20)).toContain('20 units stay; panic, last 2m ago: none fall until 5m have passed without it');
    expect(at(6, 10, 20)).not.toContain('panic');
  });

  it('a missing step ends nothing, and the memory of rates stays inside its window', () => {
    const allocator = create(quick);
    const state = allocator.begin() as ReactiveState;
    for (let t = 0; t < 100; t++)
      allocator.allocate(state, input([view({ actual: 30, truth: t % 3 === 0 ? 'missing' : 'observed' })], { step: NOON + t * STEP }));
    expect(state.get('web')?.rates.length).toBeLessThanOrEqual(5);
    // Asked again, a step replaces its own.
    allocator.allocate(state, input([view({ actual: 90 })], { step: NOON + 100 * STEP }));
    allocator.allocate(state, input([view({ actual: 30 })], { step: NOON + 100 * STEP }));
    expect(state.get('web')?.rates.filter((entry) => entry.step === NOON + 100 * STEP)).toEqual([{ step: NOON + 100 * STEP, rate: 30 }]);
  });
});
