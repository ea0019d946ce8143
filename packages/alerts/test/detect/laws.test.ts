import { use } from '@auspex/contracts';
import { testLaws } from '@auspex/testkit';
import { describe, it } from 'vitest';
import { combined, composition, residual, shape } from '../../src/detect/index.ts';

describe.each([shape, residual, composition, combined])('$id', (plugin) => {
  describe('by default', () => testLaws('detector', () => ({ plugin }), { describe, it }));
});

describe('with other options', () => {
  describe('shape', () =>
    testLaws('detector', () => ({ plugin: shape, with: { context: 8, bank: 40, fill: 10, day: 0, rest: 5 } }), { describe, it }));
  describe('residual', () =>
    testLaws('detector', () => ({ plugin: residual, with: { scales: [2, 10], memory: 500, fill: 20 } }), { describe, it }));
  describe('combined', () =>
    testLaws('detector', () => ({ plugin: combined, with: { parts: [use(residual), use(shape, { bank: 40 })] } }), { describe, it }));
});
