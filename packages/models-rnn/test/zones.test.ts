import { LEVELS, type Observation, type Prediction, type Predictor } from '@auspex/contracts';
import { zone } from '@auspex/numerics';
import { expect, it } from 'vitest';
import { context, series } from '../../../test/support/series.ts';
import { rnn } from '../src/index.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const signal = new AbortController().signal;
const create = (): Predictor => rnn.create(rnn.config.parse({ steps: 150, maxWindows: 1000, backend: 'own' }), context) as Predictor;

/** A day that is the same every day, by the local clock. */
function days(id: string, stepMs: number, from: number, to: number): Observation[] {
  return Array.from({ length: (to - from) / stepMs }, (_, i) => {
    const step = from + i * stepMs;
    const local = (zone(id).weekOffset(step) % DAY) / DAY;
    return { step, value: 100 * Math.exp(2 * Math.sin(2 * Math.PI * local) + Math.sin(6 * Math.PI * local)), truth: 'observed' as const };
  });
}

/** Mean absolute error of the log of the median, `ahead` steps ahead, at each step of a day from `origin` on. */
async function errorOf(id: string, stepMs: number, origin: number, ahead: number): Promise<number> {
  const predictor = create();
  const info = { ...series(stepMs), zone: id };
  const all = days(id, stepMs, origin - 30 * DAY, origin + 3 * DAY);
  const before = all.filter(({ step }) => step < origin);
  predictor.use?.((await predictor.train?.([{ series: info, observations: before }], signal)) as Uint8Array);
  let state = predictor.begin(info);
  let [sum, count] = [0, 0];
  all.forEach((observation, i) => {
    state = predictor.observe(state, observation);
    const due = all[i + ahead];
    if (!due || due.step < origin || due.step >= origin + DAY) return;
    const asked = { origin: observation.step + stepMs, horizon: [ahead], levels: LEVELS };
    const { quantiles } = predictor.forecast(state, asked) as Prediction;
    sum += Math.abs(Math.log((quantiles[LEVELS.indexOf(0.5)] as number) / due.value));
    count++;
  });
  return sum / count;
}

// Serving once looked half a slot beside where training had: an error of a fifth at the next hour.
it.each([
  ['Asia/Kolkata', HOUR],
  ['Asia/Kathmandu', HOUR / 2],
  ['Asia/Kolkata', HOUR / 3],
] as const)('in %s, whose hours are not ours, steps of %i ms are forecast as well as in UTC', async (id, stepMs) => {
  const origin = Date.UTC(2025, 5, 2);
  expect(await errorOf(id, stepMs, origin, 1)).toBeLessThan(0.02 + 1.5 * (await errorOf('UTC', stepMs, origin, 1)));
});

it.each([
  ['spring', Date.UTC(2025, 2, 29, 23)],
  ['autumn', Date.UTC(2025, 9, 25, 22)],
])('on the day of the clock change in %s, a day ahead is a day by the local clock', async (_, midnight) => {
  // 24 hours before the change, the forecast is of the hour that the clock will show.
  expect(await errorOf('Europe/Berlin', HOUR, midnight, 24)).toBeLessThan(0.1);
});
