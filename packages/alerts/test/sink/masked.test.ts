import { describe, expect, it } from 'vitest';
import { masked } from '../../src/sink/masked.ts';

const SECRET = 'whsec_a+b/c"&<é🔥 d\\e.f*(g)==';

describe('a text of the other end', () => {
  const base64 = Buffer.from(SECRET).toString('base64');
  it.each<[string, string]>([
    ['as it is', SECRET],
    ['in other letters', SECRET.toUpperCase()],
    ['as JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['as JSON of PHP', JSON.stringify(SECRET).slice(1, -1).replaceAll('/', '\\/')],
    ['as JSON of ASCII alone', 'whsec_a\\u002bb/c\\u0022\\u0026\\u003c\\u00e9\\ud83d\\udd25 d\\\\e.f*(g)\\u003d\\u003d'],
    ['as HTML', 'whsec_a+b&#x2F;c&quot;&amp;&lt;&#233;&#x1F525; d\\e.f*(g)=='],
    ['as part of an address', encodeURIComponent(SECRET)],
    ['as part of an address, with few of it escaped', encodeURI(SECRET)],
    ['as a field of a form', new URLSearchParams({ '': SECRET }).toString().slice(1)],
    ['as base64', base64],
    ['as base64 of addresses', Buffer.from(SECRET).toString('base64url')],
    ['as base64 in an address', encodeURIComponent(base64)],
    ['without its padding', SECRET.slice(0, -2)],
  ])('has no secret %s', (_, said) => {
    expect(masked(`a ${said} b ${said}`, [SECRET])).toBe('a … b …');
  });

  it('has nothing left of a secret that begins as another does', () => {
    expect(masked('abc abcdef', ['abc', 'abcdef'])).toBe('… …');
  });

  it('is as it was where no secret is in it, or none is', () => {
    expect(masked('nothing (of) it.', ['another', ''])).toBe('nothing (of) it.');
    expect(masked('nothing', ['', ''])).toBe('nothing');
  });
});
