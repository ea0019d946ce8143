import { readFileSync } from 'node:fs';
import { ERRORS } from '@auspex/contracts';
import { expect, test } from 'vitest';

test('docs/errors.md has a heading for each error code, and for nothing else', () => {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const headings = [...text.matchAll(/^## ([A-Z_]+)$/gm)].map((match) => match[1]);
  expect(headings.toSorted()).toEqual(Object.keys(ERRORS).toSorted());
  for (const heading of headings) {
    const [, section = ''] = text.split(`## ${heading}\n`);
    expect((section.split('\n## ')[0] as string).trim().length).toBeGreaterThan(60);
  }
});
