import type { Predictor } from '@auspex/contracts';
import { expect, it } from 'vitest';
import { context, series, world } from '../../../test/support/series.ts';
import { rnn as built } from '../dist/index.js';
import { rnn } from '../src/index.ts';

// The built package: sources train where they are called, since a thread cannot start from one.
const STEP = 15 * 60_000;
const QUICK = { steps: 100, batch: 32, maxWindows: 800, backend: 'own' };
const history = ['a', 'b'].map((id) => ({ series: series(STEP, id), observations: world(1500, STEP, 100, id) }));
const create = (plugin: typeof rnn): Predictor => plugin.create(plugin.config.parse(QUICK), context) as Predictor;

it('a training runs in a thread of its own: the caller goes on, and gets the same bytes as without', async () => {
  let turns = 0;
  let done = false;
  const turn = (): void => {
    if (done) return;
    turns++;
    setImmediate(turn);
  };
  turn();
  const artifact = await create(built as unknown as typeof rnn).train?.(history, new AbortController().signal);
  done = true;
  // Where it is called it would take some ten turns, one for each series.
  expect(turns).toBeGreaterThan(50);
  expect(artifact).toEqual(await create(rnn).train?.(history, new AbortController().signal));
});

it('ends with its signal, at once', async () => {
  const ending = new AbortController();
  const forever = (built as unknown as typeof rnn).create(
    rnn.config.parse({ ...QUICK, steps: 20_000, learningRate: 1e-6, maxWindows: 100_000 }),
    context,
  ) as Predictor;
  const trained = forever.train?.(history, ending.signal);
  setTimeout(() => ending.abort(), 300);
  expect(await trained).toBeUndefined();
});
