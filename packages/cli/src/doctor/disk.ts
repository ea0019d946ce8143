import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { AuspexError } from '@auspex/contracts';
import type { Found } from './checkup.ts';

const GIB = 2 ** 30;
/** Below this much room a warning: a store that cannot grow refuses batches. */
const LITTLE = GIB;

/** Room and rights where a store of files lies, or will lie. @throws STORE_REFUSED */
export function checkDisk(directory: string): Found {
  let at = path.resolve(directory);
  while (!existsSync(at) && at !== path.dirname(at)) at = path.dirname(at);
  try {
    accessSync(at, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw new AuspexError('STORE_REFUSED', 'this user may not write there', {
      path: at,
      remedy: 'Name a directory that this user may write to, or let it: chown.',
      cause,
    });
  }
  const { bavail, bsize } = statfsSync(at);
  const free = bavail * bsize;
  const seen = `${directory} may be written to, ${(free / GIB).toFixed(1)} GiB free`;
  return free < LITTLE ? { seen, remedy: 'Make room: a full disk ends a run with STORE_WRITE_FAILED.' } : { seen };
}
