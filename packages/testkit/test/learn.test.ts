import { runLaws } from '@auspex/testkit';
import { expect, it } from 'vitest';
import { brokenLearners, plainLearner, rightLearner } from './broken/learn.ts';
import { prove } from './proof.ts';

prove('learner', rightLearner, brokenLearners);

it('bytes as plain as garbage are no garbage to the one that wrote them', async () => {
  const { results } = await runLaws(plainLearner);
  expect(results.find(({ law }) => law === 'bytes that it did not write are refused')?.outcome).toBe('holds');
});
