import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StoreSubject } from '@auspex/testkit';
import { __VALUE__ } from './plugin.ts';

/** What the laws are tried on: a new, empty place for each. */
export async function subject(): Promise<StoreSubject> {
  const folder = await mkdtemp(path.join(tmpdir(), '__ID__-'));
  const file = path.join(folder, 'store.log');
  return {
    plugin: __VALUE__,
    with: { file },
    newer: () => writeFile(file, '{"store":"__ID__","version":2}\n'),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
