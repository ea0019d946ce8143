import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'auspex', 'servers');

/**
 * The directory of what `build` made, built once per `key` (name and version) on this machine. Test files run at the same time:
 * one builds, the others wait. A build that was cut short leaves nothing that could be taken for a whole one.
 */
export async function built(key: string, build: (directory: string) => Promise<void>): Promise<string> {
  const directory = join(ROOT, key);
  if (existsSync(directory)) return directory;
  mkdirSync(ROOT, { recursive: true });
  const lock = join(ROOT, `${key}.lock`);
  while (!take(lock)) {
    await sleep(200);
    if (existsSync(directory)) return directory;
  }
  const temporary = mkdtempSync(join(ROOT, `${key}.part-`));
  try {
    if (!existsSync(directory)) {
      process.stderr.write(`making ${key}, once on this machine\n`);
      await build(temporary);
      try {
        renameSync(temporary, directory);
      } catch (error) {
        // Another took the lock of a builder that was thought dead, and was quicker: its build is as good.
        if (!existsSync(directory)) throw error;
      }
    }
    return directory;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
    rmSync(lock, { force: true });
  }
}

/** A lock whose owner is gone is nobody's. */
function take(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    process.kill(Number(readFileSync(lock, 'utf8')) || process.pid, 0);
  } catch (error) {
    // Gone between the two calls, or its process is.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') rmSync(lock, { force: true });
  }
  return false;
}
