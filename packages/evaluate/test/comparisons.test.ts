import { expect, it } from 'vitest';
import { comparisons, type PolicyRun, type ReplayReport } from '../src/index.ts';
import { madeUp } from './made-up.ts';

const report = madeUp({ steps: 100 });

function withCosts(
  costs: Readonly<Record<string, readonly [cost: number, overload: number]>>,
  frontier: ReplayReport['frontier'] = [],
): ReplayReport {
  const [first] = report.runs as [PolicyRun];
  const runs = Object.entries(costs).map(([name, [cost, overload]]): PolicyRun => {
    return { ...first, name, label: name, metrics: { ...first.metrics, cost, overload, unitHours: cost } };
  });
  return { ...report, runs, frontier };
}

it('names the point of the baseline that costs about the same, the nearest one', () => {
  const frontier = [
    { policy: 'reactive', label: 'HPA at 40 %', overload: 9, cost: 110 },
    { policy: 'reactive', label: 'HPA at 50 %', overload: 12, cost: 104 },
    { policy: 'reactive', label: 'HPA at 70 %', overload: 30, cost: 60 },
    { policy: 'static-peak', label: 'Static', overload: 0, cost: 101 },
  ];
  const costs = { auspex: [100, 1], reactive: [60, 30] } as const;
  expect(comparisons(withCosts(costs, frontier))).toEqual(['For about the same money, HPA at 50 % has 12.00 %.']);
  expect(comparisons(withCosts(costs))).toEqual([]);
});

it('says when a plain policy is cheaper and hardly worse, but never compares with the oracle', () => {
  const told = comparisons(withCosts({ auspex: [100, 1], 'static-peak': [80, 1.5], reactive: [60, 30], oracle: [50, 0] }));
  expect(told).toEqual(['static-peak is cheaper here (80.0 unit-hours) at 1.50 %.']);
  expect(comparisons({ ...report, runs: [] })).toEqual([]);
});
