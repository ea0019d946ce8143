import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { holding } from './file-lock.ts';

/** What an actuator has to remember of a pool beside the mark, such as which of its hosts it has turned on. */
export interface Records<T> {
  read(pool: string): Promise<T | undefined>;
  /** Durable when it resolves; undefined removes it. */
  write(pool: string, record: T | undefined): Promise<void>;
}

/** Records in files of a directory, one a pool, JSON. A crash leaves the old one or the new one, never a part. */
export class FileRecords<T> implements Records<T> {
  readonly #directory: string;
  readonly #shape: z.ZodType<T>;
  readonly #what: string;
  readonly #of: ((pool: string) => string) | undefined;

  /**
   * @param owner folder in the directory: two plugins may serve one pool
   * @param what the record is, for the message where a file holds something else
   * @param of what a pool is, such as a backend at a socket. A record of something else is refused: it says nothing of this one, and its original
   *   is not this one's. Absent = nobody looks
   */
  constructor(directory: string, owner: string, shape: z.ZodType<T>, what: string, of?: (pool: string) => string) {
    this.#directory = join(directory, owner);
    this.#shape = shape;
    this.#what = what;
    this.#of = of;
  }

  /** @throws where the file cannot be read or holds no such record: what was done is unknown then, and nothing may be set */
  async read(pool: string): Promise<T | undefined> {
    const file = this.#file(pool);
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    let of: unknown;
    let record: T;
    try {
      const { of: noted, ...rest } = JSON.parse(text) as Record<string, unknown>;
      of = noted;
      record = this.#shape.parse(rest);
    } catch (cause) {
      throw new Error(`${file} is no record of ${this.#what}: remove it when the units of "${pool}" are as they should be`, { cause });
    }
    const mine = this.#of?.(pool);
    if (mine === undefined || of === undefined || of === mine) return record;
    throw new Error(
      `${file} is a record of ${of}, and the pool "${pool}" is ${mine}: give each actuator a directory of its own (leases), or remove the file when the units of ${of} are as they should be`,
    );
  }

  async write(pool: string, record: T | undefined): Promise<void> {
    const file = this.#file(pool);
    // Never over what is somebody else's.
    if (this.#of) await this.read(pool);
    if (record === undefined) {
      await rm(file, { force: true });
      return synced(dirname(file));
    }
    await mkdir(dirname(file), { recursive: true });
    // Not by the pid: in containers the engine and its keeper may both have 1.
    const temporary = `${file}.${randomUUID()}.part`;
    try {
      const handle = await open(temporary, 'w');
      try {
        await handle.writeFile(`${JSON.stringify(this.#of ? { ...record, of: this.#of(pool) } : record)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
      await synced(dirname(file));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Runs `act` while no other process that goes by these records does. @throws Conflict while one does */
  alone<T>(pool: string, act: () => Promise<T>): Promise<T> {
    return holding(this.#file(pool).replace(/json$/, 'lock'), act);
  }

  #file(pool: string): string {
    return join(this.#directory, `${encodeURIComponent(pool)}.json`);
  }
}

/** What was renamed or removed is durable when its directory is. Systems that cannot sync one (Windows) do without. */
async function synced(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } catch {
    // A file system that does not know it.
  } finally {
    await handle?.close();
  }
}
