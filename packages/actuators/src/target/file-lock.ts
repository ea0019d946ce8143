import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { Conflict } from './errors.ts';

/** Whoever has held a lock for so long is taken for dead, milliseconds. Longer than an order takes. */
const STALE = 60_000;

/**
 * Runs `act` while no other process holds the file. Engine and keeper go by what they have read: a keeper that ends a floor while the engine
 * raises a new one would undo it, and forget the original.
 *
 * @throws Conflict while somebody else holds it
 */
export async function holding<T>(file: string, act: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  await take(file);
  try {
    return await act();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<void> {
  if (await made(file)) return;
  if (await isLeft(file)) {
    await rm(file, { force: true });
    if (await made(file)) return;
  }
  throw new Conflict(`another process holds ${file}`);
}

/** It was not there. */
async function made(file: string): Promise<boolean> {
  try {
    await writeFile(file, `${process.pid} ${hostname()}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Whoever took it has died. */
async function isLeft(file: string): Promise<boolean> {
  // By the clock of the file system alone: those of two machines may differ.
  const probe = `${file}.${randomUUID()}.part`;
  try {
    await writeFile(probe, '');
    const [{ mtimeMs: now }, { mtimeMs: since }, text] = await Promise.all([stat(probe), stat(file), readFile(file, 'utf8')]);
    if (now - since > STALE) return true;
    // One that is just being written says nothing yet.
    const [pid = '', host] = text.trim().split(' ');
    return host === hostname() && !runs(Number(pid));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  } finally {
    await rm(probe, { force: true });
  }
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
