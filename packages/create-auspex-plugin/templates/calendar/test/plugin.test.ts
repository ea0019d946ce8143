import { __VALUE__ } from '__NAME__';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { fakeContext } from '@auspex/testkit';

it('repeats an event, and says what is wrong with the file', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), '__ID__-'));
  try {
    const file = path.join(folder, 'events.json');
    const sale = { id: 'sale', name: 'Sale', start: '2026-01-05T18:00:00Z', end: '2026-01-05T20:00:00Z', everyDays: 7, impact: 0.5 };
    await writeFile(file, JSON.stringify([sale]));
    const calendar = __VALUE__.create(__VALUE__.config.parse({ file }), fakeContext());
    const found = await calendar.between(Date.UTC(2026, 2, 2), Date.UTC(2026, 2, 16));
    assert.deepEqual(
      found.map(({ start }) => new Date(start).toISOString()),
      ['2026-03-02T18:00:00.000Z', '2026-03-09T18:00:00.000Z'],
    );
    await writeFile(file, JSON.stringify([{ ...sale, end: sale.start }]));
    const other = __VALUE__.create(__VALUE__.config.parse({ file }), fakeContext());
    await assert.rejects(async () => other.between(0, 1), /ends before it has begun/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
