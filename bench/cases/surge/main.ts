// How good surge probabilities are, on request traces: against the chance by the hour of the week and a regression on use and slope.
//
//   npm run bench -- surge --traces DIR --delay N [--trace REGEX] [--predictors seasonal,boosted-trees] [--weights DIR] [--json]
//
// DIR is as for `bench -- plan`. The probabilities are those of the engine (core/src/surge) on its own forecasts; of the two weeks of the
// replay alone, on what was known then. Exits with 1 where a reference is as good on a trace that can be assessed.
import { parseArgs } from 'node:util';
import { assessSurge, learnSurge } from '../../../packages/core/src/surge/assess.ts';
import { beginSurge } from '../../../packages/core/src/surge/state.ts';
import { assessSurges, type SurgeAssessment } from '../../../packages/evaluate/src/index.ts';
import { infoOf, MINUTE, play, poolOf } from '../plan/play.ts';
import { readTraces, type Trace } from '../plan/traces.ts';

const { values: flags } = parseArgs({
  options: {
    traces: { type: 'string' },
    delay: { type: 'string' },
    trace: { type: 'string', default: '.' },
    predictors: { type: 'string' },
    weights: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
if (flags.traces === undefined || flags.delay === undefined) {
  process.stderr.write('usage: npm run bench -- surge --traces DIR --delay MINUTES; the head of main.ts has all flags\n');
  process.exit(2);
}
for (const trace of readTraces(flags.traces, Number(flags.delay), new RegExp(flags.trace))) {
  const assessment = await assess(trace);
  process.stdout.write(flags.json ? `${JSON.stringify({ trace: trace.name, ...assessment })}\n` : told(trace.name, assessment));
  if (assessment.assessable && ![assessment.brier, assessment.log].every(beatsBoth)) process.exitCode = 1;
}

async function assess(trace: Trace): Promise<SurgeAssessment> {
  const [pool, info, state] = [poolOf(trace), infoOf(trace), beginSurge()];
  const [at, reference, probability]: [number[], number[], number[]] = [[], [], []];
  await play(trace, flags.predictors?.split(','), flags.weights, (minute) => {
    if (minute.before !== undefined) learnSurge(state, minute.at - MINUTE, minute.before, 'observed', pool, info);
    const { forecast, regime } = minute;
    const surge = assessSurge(state, { base: forecast, planned: forecast, groups: forecast, all: forecast, regime }, minute.at, pool, info);
    at.push(minute.at);
    reference.push(surge?.reference ?? Number.NaN);
    probability.push(minute.t < 0 || !surge ? Number.NaN : surge.probability);
  });
  const demand = trace.rates.map((rate) => rate / 60);
  return assessSurges([
    {
      pool: trace.name,
      stepMs: MINUTE,
      at,
      demand,
      reference,
      probability,
      leadMs: trace.delay * MINUTE,
      windowMs: MINUTE,
      judgedFrom: trace.history,
    },
  ]);
}

type Score = Extract<SurgeAssessment, { assessable: true }>['brier'];

function beatsBoth({ overClimatology, overLogistic }: Score): boolean {
  return overClimatology.low > 0 && overLogistic.low > 0;
}

function told(name: string, assessment: SurgeAssessment): string {
  if (!assessment.assessable) return `${name}: ${assessment.why}\n`;
  const { episodes, baseRate, brier, log, warnings } = assessment;
  const line = (score: string, { value, overClimatology: a, overLogistic: b }: Score): string =>
    `  ${score} ${value.toFixed(4)}: ${skill(a)} better than the hour of the week, ${skill(b)} than use and slope\n`;
  const warned = warnings
    .map(
      ({ allowed, recall, leadMinutes }) =>
        `recall ${(100 * recall).toFixed(0)} % at ${allowed} false alarms a week (median ${leadMinutes.median} min ahead)`,
    )
    .join(', ');
  const head = `${name}: ${episodes} surge episodes, before ${(100 * baseRate).toFixed(1)} % of the minutes\n`;
  return `${head}${line('Brier', brier)}${line('log  ', log)}  ${warned}\n`;
}

function skill({ value, low, high }: Score['overLogistic']): string {
  const percent = (share: number): string => (100 * share).toFixed(0);
  return `${percent(value)} % (${percent(low)}..${percent(high)})`;
}
