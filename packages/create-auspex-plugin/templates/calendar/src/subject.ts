import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CalendarSubject } from '@auspex/testkit';
import { __VALUE__ } from './plugin.ts';

const PLAN = [
  { id: 'launch', name: 'Launch', start: '2026-01-14T09:00:00Z', end: '2026-01-16T09:00:00Z', impact: 1.5, category: 'launch' },
  { id: 'sale', name: 'Monday sale', start: '2026-01-05T18:00:00+01:00', end: '2026-01-05T22:00:00+01:00', everyDays: 7, impact: 0.5 },
  {
    id: 'shift',
    name: 'Night shift',
    start: '2026-01-01T20:00:00Z',
    end: '2026-01-02T04:00:00Z',
    everyDays: 1,
    groups: ['b2b'],
    impact: 0.1,
  },
];

/** What the laws are tried on; made anew for each. */
export async function subject(): Promise<CalendarSubject> {
  const folder = await mkdtemp(path.join(tmpdir(), '__ID__-'));
  const file = path.join(folder, 'events.json');
  await writeFile(file, JSON.stringify(PLAN));
  return {
    plugin: __VALUE__,
    with: { file },
    span: [Date.UTC(2026, 0, 5), Date.UTC(2026, 1, 2)],
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
