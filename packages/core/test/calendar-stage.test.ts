import { describe, expect, it } from 'vitest';
import { MemoryMeter, silentLogger } from '../src/defaults/logger.ts';
import { CalendarStage } from '../src/stages/calendar.ts';
import { Failures } from '../src/stages/failures.ts';

const EVENT = { id: 'e', name: 'e', start: 10, end: 20 };

async function asked(event: unknown): Promise<{ found: readonly unknown[]; failures: string[] }> {
  const failures = new Failures({}, silentLogger, new MemoryMeter());
  const calendar = { between: () => [event] as never };
  const stage = new CalendarStage([{ name: 'x', calendar }], failures, 1_000);
  const found = await stage.between(0, 100);
  return { found, failures: failures.take().map(({ message }) => message) };
}

describe('an event of a calendar', () => {
  it.each([
    ['that leaves all to be learnt', EVENT],
    ['with an impact of none', { ...EVENT, impact: 0 }],
    ['with all that there is', { ...EVENT, impact: -0.5, groups: [], pops: ['ATL'], category: 'sale', shape: { rampMs: 0, decayMs: 1.5 } }],
  ])('%s is taken as it is', async (_, event) => {
    expect(await asked(event)).toEqual({ found: [event], failures: [] });
  });

  it.each([
    ['that is none', undefined, 'has no id'],
    ['without an id', { ...EVENT, id: 7 }, 'has no id'],
    ['of no length', { ...EVENT, end: 10 }, 'ends before it starts'],
    ['whose impact is no number', { ...EVENT, impact: Number.NaN }, 'has an impact that is no number'],
    ['whose impact is infinite', { ...EVENT, impact: Number.POSITIVE_INFINITY }, 'has an impact that is no number'],
    ['whose impact is null', { ...EVENT, impact: null }, 'has an impact that is no number'],
    ['whose groups are a name', { ...EVENT, groups: 'web' }, 'concerns no list of groups'],
    ['whose POPs are numbers', { ...EVENT, pops: [1] }, 'concerns no list of POPs'],
    ['whose POPs are null', { ...EVENT, pops: null }, 'concerns no list of POPs'],
    ['with half a shape', { ...EVENT, shape: { rampMs: 1 } }, 'comes or goes in a time that is none'],
    ['that is gone before it goes', { ...EVENT, shape: { rampMs: 0, decayMs: -1 } }, 'comes or goes in a time that is none'],
    ['that never comes', { ...EVENT, shape: { rampMs: Number.POSITIVE_INFINITY, decayMs: 0 } }, 'comes or goes in a time that is none'],
    ['whose shape is null', { ...EVENT, shape: null }, 'comes or goes in a time that is none'],
  ])('%s costs the calendar its answer, and says why', async (_, event, says) => {
    const { found, failures } = await asked(event);
    expect(found).toEqual([]);
    expect(failures).toEqual([expect.stringContaining(says)]);
  });
});
