// What the machinery costs in a cycle: wrappers, containment, hooks and container, against the plugins' own work.
//
//   npm run bench -- cycle [--groups 10000] [--rounds 15] [--steps 12] [--json]
//
// First the stages with plugins that do nothing, each step once through the stage runners and once by calling the plugins
// directly: the difference is the machinery. Then the same groups through a whole cycle of the preset's plugins.
import { parseArgs } from 'node:util';
import { type Usage, use } from '../../../packages/contracts/src/index.ts';
import { assemble } from '../../../packages/core/src/assemble.ts';
import { parseConfig } from '../../../packages/core/src/index.ts';
import { Lifecycle } from '../../../packages/core/src/lifecycle/state.ts';
import { emptyUsage } from '../../../packages/core/src/usage/accumulate.ts';
import { seededKeys } from '../../../packages/core/src/users/keys.ts';
import { registerServices } from '../../../packages/core/src/wiring/register.ts';
import { catalogue, memory, ndjson, preset } from '../../../packages/preset/src/index.ts';
import { type Bench, bareStep, makeBench, wrappedStep } from './stages.ts';

const { values } = parseArgs({
  options: {
    groups: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '15' },
    steps: { type: 'string', default: '12' },
    json: { type: 'boolean', default: false },
  },
});
const groups = Number(values.groups);
const STEP = 60_000;
const START = Date.UTC(2026, 0, 5);

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] as number;

/** CPU microseconds a group of each variant, alternating, after a warm-up. */
async function machinery(taps: boolean): Promise<{ wrapped: number; bare: number; over: number }> {
  const bench: Bench = makeBench(groups, taps);
  const runs: { wrapped: number[]; bare: number[] } = { wrapped: [], bare: [] };
  let step = START;
  for (let round = -5; round < Number(values.rounds); round++) {
    const order = round % 2 === 0 ? (['wrapped', 'bare'] as const) : (['bare', 'wrapped'] as const);
    for (const which of order) {
      globalThis.gc?.();
      const begun = cpu();
      if (which === 'wrapped') await wrappedStep(bench, step);
      else bareStep(bench, step);
      if (round >= 0) runs[which].push((cpu() - begun) / groups);
    }
    step += STEP;
  }
  const over = median(runs.wrapped.map((each, index) => each - (runs.bare[index] as number)));
  return { wrapped: median(runs.wrapped), bare: median(runs.bare), over };
}

/** CPU microseconds a group of a whole cycle with the preset's plugins: learn, forecast, decide. */
async function cycle(): Promise<{ perGroup: number; steps: number }> {
  const config = parseConfig(
    preset({
      sources: [use(ndjson, { files: ['none'] })],
      maxGroups: groups + 1,
      store: use(memory),
      pools: [{ id: 'web', unitRate: 100, leadTime: '5m', max: 100_000 }],
    }),
    catalogue,
  );
  const lifecycle = new Lifecycle();
  const { signal } = new AbortController();
  const services = registerServices(config, {}, signal, lifecycle, { replay: true, secret: () => '' });
  const parts = assemble(config, services, { mode: 'replay' }, seededKeys('bench'));
  const costs: number[] = [];
  const warm = 30;
  const total = warm + Number(values.steps);
  for (let n = 0; n < total; n++) {
    const step = START + n * STEP;
    const usage = Array.from({ length: groups }, (_, g) => usageOf(step, g, n));
    const begun = cpu();
    const taken = parts.cycle.take({ step, usage, missing: false, overflowed: false } as never);
    parts.cycle.learn(taken);
    const forecasts = await parts.cycle.forecast(step + STEP);
    await parts.cycle.decide(step + STEP, forecasts);
    if (n >= warm) costs.push((cpu() - begun) / groups);
  }
  return { perGroup: median(costs), steps: costs.length };
}

function usageOf(step: number, group: number, n: number): Usage {
  const usage = emptyUsage(step, `group-${group}`, '');
  const count = 20 + ((group * 7 + n * 3) % 11);
  return Object.assign(usage, { offered: count, served: count });
}

const plain = await machinery(false);
const tapped = await machinery(true);
const whole = await cycle();
const share = (over: number): number => over / whole.perGroup;
const result = { groups, plain, tapped, cycle: whole, share: share(plain.over), shareTapped: share(tapped.over) };
if (values.json) console.log(JSON.stringify(result));
else {
  const us = (value: number): string => `${value.toFixed(2)} µs`;
  console.log(`${groups} groups, one pool; CPU a group and step, medians of ${values.rounds} alternating rounds`);
  console.log(`machinery alone        ${us(plain.over)}   (stages ${us(plain.wrapped)}, the same plugins bare ${us(plain.bare)})`);
  console.log(`with taps of an extension ${us(tapped.over)}   (stages ${us(tapped.wrapped)}, bare ${us(tapped.bare)})`);
  console.log(`a whole cycle, preset  ${us(whole.perGroup)}   (median of ${whole.steps} steps)`);
  console.log(`share                  ${(100 * share(plain.over)).toFixed(1)} %, with taps ${(100 * share(tapped.over)).toFixed(1)} %`);
}
const worst = Math.max(plain.over, tapped.over);
process.exitCode = worst <= 2 && share(worst) <= 0.05 ? 0 : 1;
