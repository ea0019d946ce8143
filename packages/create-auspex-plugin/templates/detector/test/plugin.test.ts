import { __VALUE__ } from '__NAME__';
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fakeContext } from '@auspex/testkit';

it('finds what is far off, and learns little from it', () => {
  const detector = __VALUE__.create(__VALUE__.config.parse({}), fakeContext());
  const state = detector.begin({
    id: 'web@*/requests',
    scope: 'group',
    name: 'web',
    pop: '*',
    measure: 'requests',
    zone: 'UTC',
    stepMs: 60_000,
  });
  let step = 0;
  const score = (value: number): number => detector.detect(state, { step: 60_000 * step++, value, truth: 'observed' }, 100).score;
  for (let n = 0; n < 100; n++) score(95 + ((n * 7) % 11));
  assert.ok(score(100) < 0.9);
  assert.ok(score(300) > 0.999);
  assert.ok(score(300) > 0.999);
});
