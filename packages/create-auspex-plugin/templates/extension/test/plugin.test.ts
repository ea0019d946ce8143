import { __VALUE__ } from '__NAME__';
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Decision } from '@auspex/contracts';
import { fakeContext } from '@auspex/testkit';

const decision = (at: string, units: number): Decision => ({
  key: `web@${at}`,
  pool: 'web',
  pop: '*',
  step: Date.parse(at),
  units,
  previous: 5,
  tier: 'none',
  shadow: false,
  trail: [{ by: 'allocate(test)', units, text: 'for the test' }],
  demand: { actual: 1, expected: 1, low: 1, high: 1, at: Date.parse(at), by: 'test' },
  surges: [],
  configHash: '',
  stateHash: '',
});

it('caps units at night, and at night only', async () => {
  const extension = __VALUE__.create(__VALUE__.config.parse({ most: 7 }), fakeContext());
  const night = await extension.decision?.(decision('2026-01-05T23:00:00Z', 12));
  assert.equal(night?.units, 7);
  assert.equal(night?.trail.at(-1)?.by, 'hook(__ID__)');
  assert.equal(await extension.decision?.(decision('2026-01-05T12:00:00Z', 12)), undefined);
});
