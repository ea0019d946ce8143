import { expect, test } from 'vitest';
import { AuspexError, ERRORS, type ErrorCode } from '../src/index.ts';

test.each(Object.entries(ERRORS))('%s says what to do in one sentence', (code, remedy) => {
  expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  // ZONE_MISSING ends in an example in quotes.
  expect(remedy).toMatch(/\.$/);
  expect(remedy).toMatch(/^[A-Z]/);
  expect(new AuspexError(code as ErrorCode, 'it happened').remedy).toBe(remedy);
});

test('an error carries code, place, remedy and cause', () => {
  const cause = new Error('disk full');
  const error = new AuspexError('STORE_WRITE_FAILED', 'nothing was written', { path: 'store(lmdb)', cause, remedy: 'Make room.' });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'AuspexError',
    code: 'STORE_WRITE_FAILED',
    message: 'store(lmdb): nothing was written',
    path: 'store(lmdb)',
    remedy: 'Make room.',
    cause,
  });
});

test('without path and cause there is neither', () => {
  const error = new AuspexError('LIFECYCLE', 'started twice');
  expect(error.message).toBe('started twice');
  expect(error.path).toBeUndefined();
  expect('cause' in error).toBe(false);
});
