import { LEVELS, type PluginContext } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { fakeContext } from '@auspex/testkit';
import { expect, test } from 'vitest';
import { hmmRegime } from '../src/index.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 5);

test('a series that is silent for hours and then very loud is not forecast to be louder by orders of magnitude', () => {
  const predictor = hmmRegime.create(hmmRegime.config.parse({}), fakeContext() as PluginContext);
  const info = { id: 's', scope: 'pool', name: 's', pop: '', measure: 'requests', zone: 'UTC', stepMs: HOUR } as const;
  let state = predictor.begin(info);
  const random = new SeededRandom('spiky');
  let most = 0;
  for (let i = 0; i < 1_000; i++) {
    const value = random.next() < 0.7 ? 0 : 1e5 * Math.exp(random.normal());
    most = Math.max(most, value);
    state = predictor.observe(state, { step: START + i * HOUR, value, truth: 'observed' });
    if (i < 300 || i % 10 > 0) continue;
    const answer = predictor.forecast(state, { origin: START + (i + 1) * HOUR, horizon: [1, 2, 6, 24], levels: LEVELS });
    if (typeof answer === 'symbol') throw new Error('not ready');
    expect(Math.max(...answer.quantiles)).toBeLessThan(3.01 * most);
    // The cap is no forecast either: three hours of four are silent.
    expect(answer.quantiles[3]).toBeLessThan(most);
  }
});
