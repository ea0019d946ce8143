import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { AuspexError, type Store, type StoreWrite } from '@auspex/contracts';

/** Version of the file. A higher one is refused. */
const VERSION = 1;
const LONGEST_KEY = 512;

/** A batch as a line of the file: a key with its value in base64, or alone where it is deleted. */
type Line = readonly (readonly [key: string, value?: string])[];

/**
 * All values in memory, and each batch appended to one file as one line: it is there whole, or it is not. Lines are never taken out, so
 * this suits little state that changes seldom. One instance at a time: a second one is refused with STORE_LOCKED.
 */
export class LogStore implements Store {
  readonly #file: string;
  readonly #values = new Map<string, Uint8Array>();
  #handle: FileHandle | undefined;
  /** Bytes of the file that hold whole lines. */
  #length = 0;
  #closed = false;
  /** Opening, then one write after the other. */
  #opened: Promise<void> | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    await this.#open();
    // A copy, out and in: callers use their arrays again.
    return this.#values.get(key)?.slice();
  }

  /** Whole or not at all, and on the disk when it resolves. */
  async batch(writes: readonly StoreWrite[]): Promise<void> {
    for (const { key } of writes) checkKey(key);
    const line: Line = writes.map((write) => (write.type === 'put' ? [write.key, text(write.value)] : [write.key]));
    await this.#open();
    await this.#inTurn(() => this.#append(line));
  }

  async *scan(prefix: string, given: { from?: string; limit?: number } = {}): AsyncGenerator<readonly [string, Uint8Array]> {
    await this.#open();
    const { from = '', limit = Number.POSITIVE_INFINITY } = given;
    const least = Buffer.from(from);
    const found = [...this.#values]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => ({ key, value, bytes: Buffer.from(key) }))
      .filter(({ bytes }) => Buffer.compare(bytes, least) >= 0)
      // By bytes: the order of UTF-16, which `<` has, is another one.
      .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    for (const { key, value } of found.slice(0, limit)) {
      if (this.#closed) throw closed(this.#file);
      yield [key, value.slice()];
    }
  }

  /** Compared in turn with all writes: of two with the same `expected` exactly one wins. */
  async compareAndSet(key: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean> {
    checkKey(key);
    const [before, after] = [expected === undefined ? undefined : text(expected), text(next)];
    await this.#open();
    return this.#inTurn(async () => {
      const present = this.#values.get(key);
      if ((present === undefined ? undefined : text(present)) !== before) return false;
      await this.#append([[key, after]]);
      return true;
    });
  }

  /** May be called again. What is being written is written. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#opened?.catch(() => undefined);
    await this.#writing;
    if (this.#handle === undefined) return;
    await this.#handle.close();
    await rm(lockOf(this.#file), { force: true });
  }

  async #open(): Promise<void> {
    if (this.#closed) throw closed(this.#file);
    this.#opened ??= this.#read();
    try {
      await this.#opened;
    } catch (error) {
      // What is wrong may be put right: the next call tries again.
      this.#opened = undefined;
      throw error;
    }
    if (this.#closed) throw closed(this.#file);
  }

  async #read(): Promise<void> {
    await lock(this.#file);
    let handle: FileHandle | undefined;
    try {
      handle = await open(this.#file, 'a+');
      const content = await handle.readFile();
      // What follows the last line end was being written when the process ended: it was never acknowledged.
      this.#length = content.lastIndexOf(10) + 1;
      const [first, ...lines] = content.toString('utf8', 0, this.#length).split('\n').slice(0, -1);
      this.#values.clear();
      if (first !== undefined) checkVersion(first, this.#file);
      for (const line of lines) this.#apply(parse(line, this.#file));
      this.#handle = handle;
      await handle.truncate(this.#length);
      if (first === undefined) await this.#write(JSON.stringify({ store: '__ID__', version: VERSION }));
    } catch (error) {
      this.#handle = undefined;
      await handle?.close();
      await rm(lockOf(this.#file), { force: true });
      throw error instanceof AuspexError
        ? error
        : new AuspexError('STORE_UNREADABLE', (error as Error).message, { path: this.#file, cause: error });
    }
  }

  async #append(line: Line): Promise<void> {
    await this.#write(JSON.stringify(line));
    this.#apply(line);
  }

  async #write(line: string): Promise<void> {
    const handle = this.#handle as FileHandle;
    const bytes = Buffer.from(`${line}\n`);
    try {
      await handle.appendFile(bytes);
      await handle.datasync();
      this.#length += bytes.length;
    } catch (cause) {
      // Half a line must not stand in the way of the next.
      await handle.truncate(this.#length).catch(() => undefined);
      throw new AuspexError('STORE_WRITE_FAILED', (cause as Error).message, { path: this.#file, cause });
    }
  }

  #apply(line: Line): void {
    for (const [key, value] of line) {
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, new Uint8Array(Buffer.from(value, 'base64')));
    }
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(act);
    this.#writing = done.catch(() => undefined);
    return done;
  }
}

const text = (value: Uint8Array): string => Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
const lockOf = (file: string): string => `${file}.lock`;
const closed = (path: string): AuspexError => new AuspexError('STORE_CLOSED', 'the store was closed', { path });

function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes > LONGEST_KEY) throw new AuspexError('STORE_KEY_TOO_LONG', `it has ${bytes} bytes`, { path: key.slice(0, 60) });
}

function checkVersion(line: string, path: string): void {
  const { store, version } = JSON.parse(line) as { store?: unknown; version?: unknown };
  if (store !== '__ID__' || typeof version !== 'number') throw new AuspexError('STORE_UNREADABLE', 'this is no file of __ID__', { path });
  if (version > VERSION) throw new AuspexError('STORE_NEWER', `it is of version ${version}, this is ${VERSION}`, { path });
}

function parse(line: string, path: string): Line {
  const read: unknown = JSON.parse(line);
  if (!Array.isArray(read)) throw new AuspexError('STORE_UNREADABLE', 'a line of it is no batch', { path });
  return read as Line;
}

/** Takes the file for this process. A lock whose process is gone is taken over. */
async function lock(file: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(lockOf(file), 'wx');
      await handle.writeFile(String(process.pid));
      return await handle.close();
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new AuspexError('STORE_WRITE_FAILED', (cause as Error).message, { path: file, cause });
      const owner = Number(await readFile(lockOf(file), 'utf8').catch(() => ''));
      // Nothing in it yet: somebody is about to write his id.
      if (owner === 0 || isRunning(owner))
        throw new AuspexError('STORE_LOCKED', `process ${owner || 'unknown'} has it open`, { path: file });
      await rm(lockOf(file), { force: true });
    }
  }
  throw new AuspexError('STORE_LOCKED', 'another process has it open', { path: file });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // There, and not ours to signal.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
