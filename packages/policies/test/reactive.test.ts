import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeReactive, reactiveAllocator, reactiveConfig } from '../src/index.ts';
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
    const run = (units: number, actual: number, step: number) =>
      allocator.allocate(allocator.begin(), input([view({ pool: empty, units, actual, truth: 'censored' })], { step }))[0];
    expect(run(0, 7, NOON)?.units).toBe(2);
    expect(run(0, 7, NOON)?.reasons[0]?.text).toContain('7.00/s seen at least, no units');
    expect(run(0, 0, NOON)?.units).toBe(0);
  });

  it('refuses a state it did not write', () => {
    expect(() => decodeReactive(new Uint8Array([1, 2, 3]))).toThrow(/STATE_UNREADABLE|not what it wrote/);
    expect(() => decodeReactive(new Uint8Array([0x91, 0x92, 0xa1, 0x61, 0x91, 0x92, 0xa1, 0x62, 1]))).toThrow(/not what it wrote/);
  });
});
