import { runLaws } from '@auspex/testkit';
import { expect, it } from 'vitest';
import { brokenPredictors, remotePredictor, rightPredictor } from './broken/predict.ts';
import { prove } from './proof.ts';

prove('predictor', rightPredictor, brokenPredictors);

it('the laws of predictors hold for one that can only be asked for many at once', async () => {
  const { results } = await runLaws(remotePredictor);
  expect(results.filter((result) => result.outcome !== 'holds')).toEqual([]);
});
