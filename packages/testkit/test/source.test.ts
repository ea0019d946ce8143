import { runLaws } from '@auspex/testkit';
import { expect, it } from 'vitest';
import { brokenSources, liveSource, rightSource } from './broken/source.ts';
import { prove } from './proof.ts';

prove('source', rightSource, brokenSources);

it('the laws of sources hold for one that never ends', async () => {
  const { results } = await runLaws(liveSource);
  expect(results.filter((result) => result.outcome !== 'holds')).toEqual([]);
});
