import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';

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

  /**
   * @param owner folder in the directory: two plugins may serve one pool
   * @param what the record is, for the message where a file holds something else
   */
  constructor(directory: string, owner: string, shape: z.ZodType<T>, what: string) {
    this.#directory = join(directory, owner);
    this.#shape = shape;
    this.#what = what;
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
    try {
      return this.#shape.parse(JSON.parse(text));
    } catch (cause) {
      throw new Error(`${file} is no record of ${this.#what}: remove it when the units of "${pool}" are as they should be`, { cause });
    }
  }

  async write(pool: string, record: T | undefined): Promise<void> {
    const file = this.#file(pool);
    if (record === undefined) return rm(file, { force: true });
    await mkdir(dirname(file), { recursive: true });
    const temporary = `${file}.${process.pid}.part`;
    try {
      const handle = await open(temporary, 'w');
      try {
        await handle.writeFile(`${JSON.stringify(record)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  #file(pool: string): string {
    return join(this.#directory, `${encodeURIComponent(pool)}.json`);
  }
}
