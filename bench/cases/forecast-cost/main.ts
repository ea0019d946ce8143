// CPU that forecasting takes a series and step: everything from an observation to the corrected quantiles, training left out.
//
//   npm run bench -- forecast-cost [--series 50] [--lead 15] [--rounds 3] [--only seasonal] [--minutes 1,5,60]
//
// Each set of predictors goes over the same made-up series (a day, a week, noise that lasts), with the horizon grid that the engine uses
// for a pool of that lead time. Sets take turns within a round, so that a noisy machine is noisy to all; medians of rounds are printed.
import { parseArgs } from 'node:util';
import { horizonGrid } from '../../../packages/core/src/index.ts';
import { daily } from '../../../packages/testkit/src/worlds/world.ts';
import { beginForecasting, type Predictors } from '../forecast/replay.ts';

const { values: flags } = parseArgs({
  options: {
    series: { type: 'string', default: '50' },
    lead: { type: 'string', default: '15' },
    only: { type: 'string' },
    minutes: { type: 'string', default: '1,5,60' },
    rounds: { type: 'string', default: '3' },
  },
});
const MINUTE = 60_000;
const SETS: Readonly<Record<string, string | undefined>> = {
  default: undefined,
  'seasonal, hmm-regime': 'seasonal,hmm-regime',
  seasonal: 'seasonal',
  'hmm-regime': 'hmm-regime',
  rnn: 'rnn',
};
/** Steps that are learnt before the clock runs, and those that it runs for. */
const CASES = [
  { minutes: 1, before: 3_000, timed: 3_000 },
  { minutes: 5, before: 4_200, timed: 2_000 },
  { minutes: 60, before: 400, timed: 800 },
];

/** Microseconds of CPU a series and step. */
async function cost(set: string, { minutes, before, timed }: (typeof CASES)[number]): Promise<number> {
  const stepMs = minutes * MINUTE;
  const horizon = horizonGrid(Math.ceil(Number(flags.lead) / minutes) + 2);
  const ids = SETS[set]?.split(',').map((use) => ({ use })) as Predictors | undefined;
  const { stage, training } = beginForecasting(ids, stepMs);
  const count = Number(flags.series);
  const worlds = Array.from({ length: count }, (_, n) => daily({ stepMs, steps: before + timed, seed: `${n}` }));
  const all = worlds.map((_, n) => {
    const info = {
      id: `pool:${n}`,
      scope: 'pool' as const,
      name: `${n}`,
      pop: '',
      measure: 'requests' as const,
      zone: 'UTC',
      stepMs,
      ahead: horizon.at(-1) as number,
    };
    return stage.begin(info, horizon);
  });
  let begin = process.cpuUsage();
  for (let step = 0; step < before + timed; step++) {
    if (step === before) {
      training.firstStep = Number.NEGATIVE_INFINITY;
      training.begin(worlds[0]?.[step]?.step as number, false);
      await training.finished();
      training.settle(Number.POSITIVE_INFINITY);
      begin = process.cpuUsage();
    }
    for (const [n, series] of all.entries()) {
      const seen = worlds[n]?.[step] as (typeof worlds)[number][number];
      const observation = { step: seen.step, value: seen.value, truth: seen.truth };
      stage.observe(series, observation);
      if (step < before) training.history?.push(series.info, observation);
    }
    await stage.forecast(all, (worlds[0]?.[step]?.step as number) + stepMs);
  }
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / (timed * count);
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
console.log(`CPU a series and step, lead time ${flags.lead} min, ${flags.series} series, median of ${flags.rounds} (least - most)`);
const sets = Object.keys(SETS).filter((set) => flags.only === undefined || set === flags.only);
for (const each of CASES.filter(({ minutes }) => flags.minutes.split(',').includes(`${minutes}`))) {
  const seen = new Map(sets.map((set) => [set, [] as number[]]));
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const set of sets) seen.get(set)?.push(await cost(set, each));
  }
  const rows = horizonGrid(Math.ceil(Number(flags.lead) / each.minutes) + 2);
  console.log(`steps of ${each.minutes} min, horizon ${rows.join(' ')}`);
  for (const [set, values] of seen) {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    console.log(`  ${set.padEnd(14)} ${median(values).toFixed(1).padStart(6)} µs (${least.toFixed(1)} - ${most.toFixed(1)})`);
  }
}
