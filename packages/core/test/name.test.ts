import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundedName } from '../src/usage/name.ts';

test('a name of any text fits into a key, is well-formed, and stays what it is when it is short (regression: one such group ended the engine)', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const name = boundedName(text);
      expect(encodeURIComponent(name).length).toBeLessThanOrEqual(180);
      expect(boundedName(name)).toBe(name);
    }),
  );
  expect(boundedName('checkout')).toBe('checkout');
  expect(boundedName('店'.repeat(60))).toBe('店'.repeat(20));
  expect(boundedName(`${'a'.repeat(99)}😀`)).toBe(`${'a'.repeat(99)}\ufffd`);
  expect(boundedName('\ud83d')).toBe('\ufffd');
  expect(boundedName('a'.repeat(300))).toBe('a'.repeat(100));
});
