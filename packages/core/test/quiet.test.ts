import { describe, expect, it } from 'vitest';
import { beginQuiet, type Heard, learnQuiet, type QuietState, silenceOf } from '../src/cycle/quiet.ts';
import { MINUTE, T0 } from './fakes.ts';

const heard = (minute: number, requests: number, expected: number | undefined, truth: Heard['truth'] = 'observed'): Heard => ({
  ...{ step: T0 + minute * MINUTE, stepMs: MINUTE, truth, requests, rate: requests / 60, expected },
});

/** Sixty a minute for an hour. */
const busy = (): QuietState =>
  Array.from({ length: 60 }, (_, minute) => heard(minute, 60, 1)).reduce((state, step) => learnQuiet(state, step), beginQuiet);
const at = (minute: number) => T0 + minute * MINUTE;

describe('a silence', () => {
  it('is one where the forecast knew nothing of it, and misses those who were expected when it began', () => {
    let state = learnQuiet(busy(), heard(60, 0, 0.9));
    // By then the forecast has learnt it.
    for (let minute = 61; minute < 70; minute++) state = learnQuiet(state, heard(minute, 0, 0));
    expect(silenceOf(state, at(70), MINUTE)).toEqual({ since: at(60), rate: expect.closeTo(0.9, 6), missed: expect.closeTo(540, 3) });
    expect(silenceOf(learnQuiet(state, heard(70, 1, 0)), at(71), MINUTE)).toBeUndefined();
  });

  it('is none where it was forecast, as that of a shop that closes or of a job that ends', () => {
    const state = learnQuiet(busy(), heard(60, 0, 0.1));
    expect(silenceOf(state, at(600), MINUTE)).toBeUndefined();
  });

  it('is none where nothing is known, and goes on through steps that are not', () => {
    expect(silenceOf(learnQuiet(beginQuiet, heard(0, 0, 1)), at(60), MINUTE)).toBeUndefined();
    expect(silenceOf(learnQuiet(busy(), heard(60, 0, 1, 'missing')), at(61), MINUTE)).toBeUndefined();
    const through = learnQuiet(learnQuiet(busy(), heard(60, 0, 1)), heard(61, 0, 1, 'missing'));
    expect(silenceOf(through, at(62), MINUTE)?.missed).toBeCloseTo(120, 3);
    expect(silenceOf(learnQuiet(busy(), heard(60, 0, undefined)), at(70), MINUTE)).toBeUndefined();
  });
});
