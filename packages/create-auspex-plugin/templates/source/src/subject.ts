import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SourceSubject } from '@auspex/testkit';
import { __VALUE__ } from './plugin.ts';

const START = Date.UTC(2026, 0, 5);
const EVENTS = 25;

const line = (_: unknown, n: number): string =>
  JSON.stringify({
    at: START + n * 20_000,
    group: 'web',
    outcome: n % 9 === 0 ? 'failed' : 'served',
    user: `user-${n % 7}`,
    resource: '/ä',
  });

/** What the laws are tried on; made anew for each. */
export async function subject(): Promise<SourceSubject> {
  const folder = await mkdtemp(path.join(tmpdir(), '__ID__-'));
  const [file, broken] = [path.join(folder, 'events.ndjson'), path.join(folder, 'broken.ndjson')];
  const lines = Array.from({ length: EVENTS }, line);
  await writeFile(file, `${lines.join('\n')}\n`);
  // One record that cannot be read, and a last line that does not end.
  await writeFile(broken, lines.toSpliced(10, 0, '{"at": "yesterday"}').join('\n'));
  return {
    plugin: __VALUE__,
    // Several batches: reading is cut off after each, and taken up again.
    with: { file, batch: 4 },
    events: EVENTS,
    down: { file: path.join(folder, 'missing.ndjson') },
    malformed: { file: broken },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
