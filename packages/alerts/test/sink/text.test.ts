import { describe, expect, it } from 'vitest';
import { cut, jsonOf, labelText, oneLine } from '../../src/sink/text.ts';
import { HOSTILE, wellFormed } from './tools.ts';

describe('a text', () => {
  it.each([
    ['a\r\nb', 'a b'],
    [' a\t\u0000\u001b[1mb ', 'a [1mb'],
    ['a\u2028b\u2029c\u0085d', 'a b c d'],
    ['a\u202eb\u2066c', 'a b c'],
    ['👨‍👩‍👧 ü', '👨‍👩‍👧 ü'],
  ])('%j is %j as one line', (text, line) => {
    expect(oneLine(text)).toBe(line);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdefg', 6, 'abcde…'],
    ['abcd🔥g', 6, 'abcd…'],
    ['abc🔥g!', 6, 'abc🔥g!'.slice(0, 5).concat('…')],
  ])('%j of at most %i is %j', (text, most, result) => {
    expect(cut(text, most)).toBe(result);
    expect(result.length).toBeLessThanOrEqual(most);
  });

  it('of labels is by name, and one line', () => {
    expect(labelText({ b: '2\n3', a: '1' })).toBe('a=1 b=2 3');
  });
});

describe('JSON', () => {
  it('says the same, but for half characters', () => {
    for (const alert of HOSTILE)
      expect(JSON.parse(jsonOf(alert))).toEqual(
        JSON.parse(JSON.stringify(alert), (_, each) => (typeof each === 'string' ? wellFormed(each) : each)),
      );
  });

  it('leaves backslashes before what looks like half a character', () => {
    const text = '\\ud83d \\\\ud83d \\\\\ud83d';
    expect(JSON.parse(jsonOf({ text }))).toEqual({ text: '\\ud83d \\\\ud83d \\\\\ufffd' });
    expect(JSON.parse(jsonOf({ 'k\udc00': '🔥' }))).toEqual({ 'k\ufffd': '🔥' });
  });
});
