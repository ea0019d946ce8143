import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
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
  const mine = `${process.pid} ${hostname()} ${randomUUID()}\n`;
  if (!((await made(file, mine)) || ((await freed(file)) && (await made(file, mine))))) throw new Conflict(`another process holds ${file}`);
  try {
    return await act();
  } finally {
    // Whoever took it for left has it now.
    if ((await contentOf(file)) === mine) await rm(file, { force: true });
  }
}

/** It was not there. */
async function made(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes away what somebody has left who died. */
async function freed(file: string): Promise<boolean> {
  const left = await leftIn(file);
  if (left === undefined) return false;
  const aside = `${file}.${randomUUID()}.part`;
  try {
    await rename(file, aside);
    // Between the look and this somebody else may have freed it and taken it: it goes back, and is theirs.
    if ((await contentOf(aside)) === left) return true;
    await link(aside, file).catch(ignoring('EEXIST'));
    return false;
  } catch (error) {
    ignoring('ENOENT')(error);
    return false;
  } finally {
    await rm(aside, { force: true });
  }
}

/** What stands in a lock whose holder has died; undefined = it is held, or gone. */
async function leftIn(file: string): Promise<string | undefined> {
  // By the clock of the file system alone: those of two machines may differ.
  const probe = `${file}.${randomUUID()}.part`;
  try {
    await writeFile(probe, '');
    const [{ mtimeMs: now }, { mtimeMs: since }, text] = await Promise.all([stat(probe), stat(file), readFile(file, 'utf8')]);
    // One that is just being written says nothing yet.
    const [pid = '', host] = text.trim().split(' ');
    return now - since > STALE || (host === hostname() && !runs(Number(pid))) ? text : undefined;
  } catch (error) {
    ignoring('ENOENT')(error);
    return undefined;
  } finally {
    await rm(probe, { force: true });
  }
}

async function contentOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    ignoring('ENOENT')(error);
    return undefined;
  });
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Rethrows every error but that of one code. */
function ignoring(code: string): (error: unknown) => void {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  };
}
