import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { AuspexError, type Clock, type Logger } from '@auspex/contracts';
import type { Said } from './block.ts';
import { CHUNK, type OpenFile, openFile } from './chunks.ts';
import { LineCutter } from './cutter.ts';
import { FileHead, HEAD_BYTES } from './head.ts';
import type { Position } from './position.ts';
import { checkPosition, readFailed, readFileLines, sameHead } from './read.ts';

/** A file that is gone for so long is an outage, not a rotation. Milliseconds. */
const MISSING_LIMIT = 30_000;

/** What following needs. */
export interface Following {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds between two looks at a quiet file. */
  readonly poll: number;
}

/**
 * The lines of a file that is being written, through rotations, until the signal aborts. Says `idle` each time that all
 * there is has been read: healthy when the file exists.
 *
 * @throws AuspexError SOURCE_NOT_FOUND when the file is missing at the start or for 30 s, SOURCE_BINARY,
 * SOURCE_POSITION_LOST, SOURCE_FAILED
 */
export async function* followFileLines(
  file: string,
  from: Position | undefined,
  signal: AbortSignal,
  following: Following,
): AsyncGenerator<Said> {
  let start = from;
  const rotated = start && (await rotatedAway(file, start));
  if (rotated) {
    following.logger.info({ file, rotated }, 'the log was rotated while nobody read it: finishing the old file');
    yield* readFileLines(rotated, start, signal);
    start = undefined;
  }
  while (!signal.aborted) {
    const opened = start || !from ? await openFile(file) : await reopened(file, signal, following);
    if (!opened) return;
    // From here on a missing file is a rotation in progress.
    from ??= { file, offset: 0, line: 0, head: 0 };
    try {
      if (opened.gzip) throw new AuspexError('SOURCE_BINARY', 'a gzip file cannot be followed', { path: file });
      await checkPosition(opened, file, start);
      yield* untilRotated(opened, file, start, signal, following);
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof AuspexError ? error : readFailed(file, error);
    } finally {
      await opened.handle.close();
    }
    start = undefined;
  }
}

/** Follows one inode until another took its name and holds text. */
async function* untilRotated(
  opened: OpenFile,
  file: string,
  start: Position | undefined,
  signal: AbortSignal,
  following: Following,
): AsyncGenerator<Said> {
  const { handle } = opened;
  const { ino, dev } = await handle.stat();
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  let at = start?.offset ?? 0;
  let head = new FileHead(opened.first.subarray(0, at > 0 ? HEAD_BYTES : 0));
  let cutter = new LineCutter(file, head, at, start?.line ?? 0);
  /** A new file has been seen: read the old one once more, since it may have grown in between. */
  let leaving = false;
  let missing: number | undefined;
  while (!signal.aborted) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, at);
    if (bytesRead > 0) {
      const chunk = buffer.subarray(0, bytesRead);
      head.add(chunk);
      at += bytesRead;
      yield* cutter.push(chunk);
      continue;
    }
    if (leaving) {
      yield* cutter.end();
      return;
    }
    if ((await handle.stat()).size < at) {
      following.logger.info({ file }, 'the log was truncated: reading from its start');
      at = 0;
      head = new FileHead();
      cutter = new LineCutter(file, head, 0, 0);
      continue;
    }
    const named = await statOf(file);
    if (named) {
      missing = undefined;
      // A new but empty file: the writer may still hold the old one.
      leaving = (named.ino !== ino || named.dev !== dev) && named.size > 0;
      if (leaving) continue;
    } else {
      missing ??= following.clock.now();
      if (following.clock.now() - missing >= MISSING_LIMIT) throw gone(file);
    }
    yield { kind: 'idle', healthy: named !== undefined };
    if (!(await slept(following, signal))) return;
  }
}

async function reopened(file: string, signal: AbortSignal, following: Following): Promise<OpenFile | undefined> {
  const since = following.clock.now();
  while (!signal.aborted) {
    if (await statOf(file)) return openFile(file);
    if (following.clock.now() - since >= MISSING_LIMIT) throw gone(file);
    if (!(await slept(following, signal))) return undefined;
  }
  return undefined;
}

/** False when the signal cut the sleep short. */
async function slept({ clock, poll }: Following, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(poll, signal);
    return !signal.aborted;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

async function statOf(file: string): Promise<{ ino: number; dev: number; size: number } | undefined> {
  try {
    return await stat(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw readFailed(file, error);
  }
}

/** The rotated file in which reading stopped, when `file` is no longer that one. */
async function rotatedAway(file: string, from: Position): Promise<string | undefined> {
  if (await isThe(file, from)) return undefined;
  const folder = path.dirname(file);
  const base = path.basename(file);
  const names = await readdir(folder).catch(() => []);
  for (const name of names.sort()) {
    const candidate = path.join(folder, name);
    if (name !== base && name.startsWith(base) && (await isThe(candidate, from))) return candidate;
  }
  return undefined;
}

async function isThe(file: string, from: Position): Promise<boolean> {
  try {
    const opened = await openFile(file);
    try {
      return !opened.gzip && (await opened.handle.stat()).size >= from.offset && sameHead(opened, from);
    } finally {
      await opened.handle.close();
    }
  } catch {
    return false;
  }
}

function gone(file: string): AuspexError {
  return new AuspexError('SOURCE_NOT_FOUND', `the file has been missing for ${MISSING_LIMIT / 1000} s`, { path: file });
}
