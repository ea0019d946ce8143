import { isolate, remotePredictor } from '@auspex/remote';
import { runLaws, type Subject } from '@auspex/testkit';
import { expect, test } from 'vitest';
import { seasonal } from '../../packages/models-seasonal/src/index.ts';
import { needPython, PREDICTOR } from '../../packages/remote/test/toolchains.ts';

/* A plugin in a process of its own keeps the laws that it keeps inline, whatever language it is written in. */

async function broken(make: () => Subject): Promise<{ seen: string[]; holds: number }> {
  const verdict = await runLaws(make, { limitMs: 20_000 });
  return {
    seen: verdict.results.filter((result) => result.outcome === 'broken').map(({ law, seen }) => `${law}: ${seen}`),
    holds: verdict.results.filter((result) => result.outcome === 'holds').length,
  };
}

test('the seasonal predictor keeps its laws in a process of its own', async () => {
  const module = new URL('../../packages/models-seasonal/dist/index.js', import.meta.url).href;
  const plugin = isolate({ module, exported: 'seasonal', plugin: seasonal });
  const { seen, holds } = await broken(() => ({ plugin, warmUp: 700 }) as Subject);
  expect(seen).toEqual([]);
  expect(holds).toBeGreaterThan(15);
}, 120_000);

test('the Python example keeps the laws of predictors', async (context) => {
  const command = [needPython(context), PREDICTOR];
  const { seen, holds } = await broken(() => ({ plugin: remotePredictor, with: { command }, warmUp: 900 }) as unknown as Subject);
  expect(seen).toEqual([]);
  expect(holds).toBeGreaterThan(15);
}, 120_000);
