import type { Order } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSimulatedActuator, Fleet, simulated, simulatedConfig } from '../src/simulated/index.ts';
import { context } from './context.ts';

const MINUTE = 60_000;
let now = 0;
const clock = { now: () => now, sleep: async () => {} };
const signal = new AbortController().signal;
const order = (over: Partial<Order> = {}): Order => ({
  key: 'web@0',
  pool: 'web',
  pop: 'ATL',
  units: 6,
  min: 1,
  max: 10,
  epoch: 1,
  shadow: false,
  step: 0,
  ...over,
});
const create = (options: object = {}) => simulated.create(simulatedConfig.parse(options), { ...context, clock });

describe('simulated actuator', () => {
  beforeEach(() => {
    now = 0;
  });

  it('applies an order once and reads back what the fleet holds', async () => {
    const actuator = create({ initial: 2 });
    expect(await actuator.read('web', signal)).toEqual({ units: 2, ready: 2 });
    expect(await actuator.actuate(order(), signal)).toEqual({ key: 'web@0', pool: 'web', status: 'applied', units: 6, ready: 2 });
    expect((await actuator.actuate(order({ units: 9 }), signal)).status).toBe('duplicate');
    now = 5 * MINUTE;
    expect(await actuator.read('web', signal)).toEqual({ units: 6, ready: 6 });
    expect(await actuator.read('other', signal)).toEqual({ units: 2, ready: 2 });
  });

  it('leaves no trace of a shadow order', async () => {
    const actuator = create();
    expect(await actuator.actuate(order({ shadow: true, epoch: 9 }), signal)).toMatchObject({ status: 'shadow', units: 1 });
    expect((await actuator.actuate(order({ epoch: 1 }), signal)).status).toBe('applied');
  });

  it('refuses an older epoch and orders outside the bounds', async () => {
    const actuator = create();
    await actuator.actuate(order({ epoch: 5 }), signal);
    expect(await actuator.actuate(order({ key: 'b', epoch: 4 }), signal)).toMatchObject({
      status: 'refused',
      units: 6,
      detail: 'epoch 4 is older than 5: another instance leads',
    });
    for (const units of [0, 11, 2.5, Number.NaN]) {
      expect((await actuator.actuate(order({ key: 'c', epoch: 5, units }), signal)).detail).toBe(`${units} units are outside 1..10`);
    }
    // A refused key is not spent.
    expect((await actuator.actuate(order({ key: 'c', epoch: 5, units: 3 }), signal)).status).toBe('applied');
  });

  it('bounds its memory of keys', async () => {
    const actuator = create();
    for (let i = 0; i <= 10_000; i++) await actuator.actuate(order({ key: `k${i}` }), signal);
    expect((await actuator.actuate(order({ key: 'k10000' }), signal)).status).toBe('duplicate');
    expect((await actuator.actuate(order({ key: 'k0' }), signal)).status).toBe('applied');
  });

  it('shares fleets with a caller, and knows no others', async () => {
    const fleet = new Fleet({ initial: 3, delay: MINUTE }, new SeededRandom(1));
    const actuator = createSimulatedActuator(new Map([['web', fleet]]), clock);
    await actuator.actuate(order(), signal);
    expect(fleet.ordered).toBe(6);
    expect(await actuator.actuate(order({ pool: 'db' }), signal)).toMatchObject({
      status: 'refused',
      detail: 'there is no fleet for pool db',
    });
    await expect(actuator.read('db', signal)).rejects.toMatchObject({ code: 'PLUGIN_FAILED' });
  });

  it('stops on abort', async () => {
    const actuator = create();
    await expect(actuator.actuate(order(), AbortSignal.abort())).rejects.toThrow();
    await expect(actuator.read('web', AbortSignal.abort())).rejects.toThrow();
  });

  it('gives each pool randomness of its own, the same for the same seed', async () => {
    const options = { delay: { p50: '3m', p90: '9m' }, failureRate: 0.2, warmUp: { ms: '2m', share: 0.5 } };
    const readAll = async (pools: readonly string[]): Promise<number> => {
      now = 0;
      const actuator = create(options);
      for (const pool of pools) await actuator.actuate(order({ key: pool, pool, units: 100, max: 100 }), signal);
      now = 4 * MINUTE;
      return (await actuator.read('web', signal)).ready;
    };
    expect(await readAll(['web'])).toBe(await readAll(['db', 'web']));
  });

  it.each([{ delay: { p50: '9m', p90: '3m' } }, { delay: 5 }, { failureRate: 1 }, { speed: 1 }])('refuses the options %j', (options) => {
    expect(simulatedConfig.safeParse(options).success).toBe(false);
  });

  it('declares that no order outlasts its target', () => {
    expect(simulated.capabilities.lease).toBe('target');
  });
});
