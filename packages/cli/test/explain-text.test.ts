import type { Decision, StepOutcome, Surge } from '@auspex/contracts';
import { describe, expect, it } from 'vitest';
import { decisionText } from '../src/explain-text.ts';
import { plainLine } from '../src/log.ts';
import { BEGIN } from './tools.ts';

const surge = (group: string, probability: number): Surge => ({
  group,
  pop: '*',
  score: probability,
  probability,
  expected: 1,
  actual: 2,
  deviation: 1,
  eventImpact: 0,
  contributions: [
    { of: 'deviation', amount: probability, text: 'twice what is expected' },
    { of: 'event', amount: 0, text: 'no event is planned' },
  ],
});

const decision: Decision = {
  key: 'web@2026-01-05T00:00:00Z',
  pool: 'web',
  pop: '*',
  step: BEGIN,
  units: 1,
  previous: 2,
  tier: 'none',
  shadow: false,
  trail: [
    { by: 'allocate(tiered)', units: 1, text: 'a reason '.repeat(20).trim() },
    { by: 'decision', units: 1, text: '2 becomes 1' },
  ],
  demand: { actual: 1.23456, expected: 0.98765, low: 0.1, high: 1234.5, at: BEGIN + 300_000, by: 'ensemble' },
  surges: [surge('/a', 0.4), surge('/b', 0)],
  configHash: 'abc',
  stateHash: 'def',
};
const options = { color: false, width: 80 };

describe('decisionText', () => {
  it('tells what moved, and only that, in lines of the width', () => {
    const text = decisionText(decision, [], undefined, options);
    expect(text).toContain('web  2026-01-05 00:00 UTC  2 → 1 unit\n');
    expect(text).toContain('0.988/s at 2026-01-05 00:05 UTC, 80 % between 0.1/s and 1235/s');
    expect(text).toContain('/a: score 0.40');
    expect(text).toContain('deviation +0.40: twice');
    expect(text).not.toContain('/b');
    expect(text).not.toContain('no event is planned');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(text).not.toContain('\u001B');
  });

  it('has one line for a quiet pool, and colours only where asked for', () => {
    const quiet = decisionText({ ...decision, surges: [surge('/b', 0)] }, [], undefined, { ...options, color: true });
    expect(quiet).toContain('groups    none');
    expect(quiet).toContain('\u001B[1m');
  });

  it('names who leads the pool, each in a line', () => {
    const leaders = [
      { of: 'eu-free', factor: 1.12, text: 'group eu-free was 40 % above its habit: +12 % in 15m' },
      { of: 'sign-ins', factor: 1.03, text: 'sign-ins were 20 % above their habit: +3 % in 15m' },
    ];
    const text = decisionText({ ...decision, demand: { ...decision.demand, leaders } }, [], undefined, options);
    expect(text).toContain('  led by    group eu-free was 40 % above its habit: +12 % in 15m\n            sign-ins were 20 % above');
    expect(decisionText(decision, [], undefined, options)).not.toContain('led by');
  });

  it('tells of the step only: receipt, failure and notice', () => {
    const receipt = { key: decision.key, pool: 'web', status: 'applied', units: 1, ready: 2 } as const;
    const failure = { stage: 'predict', plugin: 'hmm', subject: 'pool:web', message: 'boom', fallback: 'persistence' };
    const text = decisionText(
      decision,
      [
        { type: 'receipt', step: BEGIN, receipt },
        { type: 'receipt', step: BEGIN, receipt: { ...receipt, pool: 'api', units: 7 } },
        { type: 'failure', step: BEGIN, failure },
        { type: 'notice', step: BEGIN + 60_000, code: 'TRAINED', text: 'later' },
      ],
      undefined,
      options,
    );
    expect(text).toContain('receipt   applied: 1 unit ordered, 2 ready');
    expect(text).toContain('failure   predict(hmm) for pool:web: boom; persistence');
    expect(text).not.toContain('7 units');
    expect(text).not.toContain('later');
  });
});

describe('what came of a decision', () => {
  const came = { pool: 'web', step: BEGIN + 300_000, truth: 'observed', demand: 2.5, needed: 3, ready: 1 } as const;
  const line = (outcome: StepOutcome): string | undefined =>
    decisionText(decision, [], outcome, { ...options, width: 200 })
      .split('\n')
      .find((text) => text.includes('came'));

  it('is told beside it, a bound as one, and what is not known as that', () => {
    expect(line(came)).toBe('  came      2.5/s at 2026-01-05 00:05 UTC, which needed 3 units; 1 was ready');
    expect(line({ ...came, truth: 'censored' })).toContain('at least 2.5/s at 2026-01-05 00:05 UTC, which needed at least 3 units');
    expect(line({ ...came, truth: 'masked' })).toContain('(masked: not learnt from)');
    expect(line({ ...came, truth: 'missing' })).toContain('nothing is known of the demand at 2026-01-05 00:05 UTC');
  });
});

describe('plainLine', () => {
  it('is a line of the log for people', () => {
    expect(plainLine(`{"level":40,"time":${BEGIN + 1000},"msg":"skipped","at":"a.log:7","n":3}\n`)).toBe(
      '00:00:01 warn  skipped  at=a.log:7  n=3\n',
    );
  });
});
