import { __VALUE__ } from '__NAME__';
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { NOT_READY, type Prediction } from '@auspex/contracts';
import { fakeContext } from '@auspex/testkit';

const HOUR = 3_600_000;
const rate = (step: number): number => 50 + ((step / HOUR) % 24);

it('says what repeats itself', () => {
  const predictor = __VALUE__.create(__VALUE__.config.parse({}), fakeContext());
  let state = predictor.begin({
    id: 'web@*/requests',
    scope: 'group',
    name: 'web',
    pop: '*',
    measure: 'requests',
    zone: 'UTC',
    stepMs: HOUR,
  });
  const question = { origin: 72 * HOUR, horizon: [1, 6], levels: [0.1, 0.5, 0.9] };
  assert.equal(predictor.forecast(state, question), NOT_READY);
  for (let step = 0; step < question.origin; step += HOUR) state = predictor.observe(state, { step, value: rate(step), truth: 'observed' });
  const { quantiles } = predictor.forecast(state, question) as Prediction;
  assert.ok(Math.abs((quantiles[4] as number) - rate(77 * HOUR)) < 1);
});
