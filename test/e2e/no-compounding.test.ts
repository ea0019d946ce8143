import { type Decision, defineAssessor } from '@auspex/contracts';
import { createEngine, use, VirtualClock } from '@auspex/core';
import { noStore } from '@auspex/evaluate';
import { preset, simulated, tieredAllocator } from '@auspex/preset';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { steady } from './world.ts';

/** A surge that does not pass: every group, every cycle. */
const surging = defineAssessor({
  id: 'surging',
  summary: 'test',
  config: z.strictObject({ probability: z.number() }),
  create: ({ probability }) => ({
    assess: ({ group, pop, expected, actual }) => ({
      group,
      pop,
      score: probability,
      probability,
      expected: expected ?? 0,
      actual: actual ?? 0,
      deviation: probability,
      eventImpact: 0,
      contributions: [],
    }),
  }),
});

async function decide(probability: number | undefined): Promise<Decision[]> {
  const decisions: Decision[] = [];
  await using engine = createEngine(
    preset({
      sources: [use(steady({ perMinute: 600, minutes: 200 }))],
      pools: [{ id: 'web', unitRate: 1, target: 0.7, leadTime: '2m', actuator: use(simulated, { initial: 12, delay: '2m' }) }],
      ...(probability === undefined ? {} : { assess: use(surging, { probability }) }),
      allocate: use(tieredAllocator),
      store: use(noStore),
      lateness: '0s',
    }),
    { mode: 'replay', host: { clock: new VirtualClock() } },
  );
  engine.hooks.decided.tap('test', (decision) => {
    decisions.push(decision);
  });
  await engine.start();
  await engine.run();
  return decisions.slice(-10);
}

describe('a surge that lasts', () => {
  it.each([
    { probability: 0.9, factor: 1.5, tier: 'aggressive' },
    { probability: 0.5, factor: 1.2, tier: 'moderate' },
    { probability: 0.1, factor: 1, tier: 'none' },
  ])('stays at ceil($factor x units for the expected demand), cycle after cycle', async ({ probability, factor, tier }) => {
    const decisions = await decide(probability);
    expect(decisions).toHaveLength(10);
    // 10 a second at 70 % of 1 a second; the forecast of a constant is that constant to a thousandth.
    const expected = decisions.map(({ demand }) => demand.expected);
    for (const rate of expected) expect(rate).toBeCloseTo(10, 1);
    for (const [i, decision] of decisions.entries()) {
      const units = Math.ceil(((expected[i] as number) / 0.7) * factor - 1e-9);
      expect(decision).toMatchObject({ units, tier, previous: units });
    }
    expect(decisions[0]?.units).toBe(Math.ceil((10 / 0.7) * factor));
  });

  it('is none where demand is constant', async () => {
    for (const decision of await decide(undefined)) expect(decision).toMatchObject({ units: 15, tier: 'none' });
  });
});
