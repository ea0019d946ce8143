import { randomUUID } from 'node:crypto';
import { AuspexError, type Store, type StoreWrite } from '@auspex/contracts';
import { ExponentialBackoff, handleWhen, type RetryPolicy, retry } from 'cockatiel';
import { checkKey, compareKeys } from '../key.ts';
import { guardedBy } from '../lease.ts';
import { checkValue, checkWrites, sameValue } from '../writes.ts';
import { type Backend, type Head, TORN, type Tried } from './backend.ts';
import { oneLine } from './connection.ts';
import { decodeWrites, encodeWrites, INLINE_BYTES, lastWrites, part, partCount } from './journal.ts';
import { Fresh, parallel, Turn } from './parallel.ts';
import { type Commit, parseState, type State, segmentsOf, stateText, touches } from './state.ts';

/** Parts that are written at once. */
const UPLOADS = 4;
/** How often another process may be quicker before a change gives up. */
const MOVES = 200;
/** An upload that so many moves have overtaken belongs to a process that is gone; were it not, its commit would begin anew. */
const STALE_MOVES = 10_000;

/** The move's own upload was taken for that of a dead process. */
class UploadLost extends Error {}

interface Prepared {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly segments: readonly string[];
  readonly keys: readonly string[];
  /** 0 = inline. */
  readonly parts: number;
}

/**
 * A store in a database that has no transactions over many records, or bounds them.
 *
 * Every change is one move of one record, the head, by compare-and-set: that move is the moment at which a batch counts, whole. Its writes were
 * put down before (in the head itself, or in parts), and are applied to the records after it, each under the head's number, so that
 * doing it twice, late, or by another process changes nothing. A reader that finds a commit which is not applied yet applies it first: a process that dies in between
 * leaves no half. Since the head also knows under which number each lease last changed hands, a batch of one who has lost it is refused.
 */
export class DatabaseStore implements Store {
  readonly #backend: Backend;
  readonly #retry: RetryPolicy;
  readonly #turn = new Turn();
  /** What this instance is applying now; resolves when it is done with, well or not. */
  readonly #applying = new Map<string, Promise<void>>();
  /** Applied, and still on the head. */
  readonly #applied = new Set<string>();
  /** Parts that are gone, and still on the head. */
  readonly #dropped = new Set<string>();
  /** Lease keys that this instance holds, by the number under which it took them. */
  readonly #leases = new Map<string, number>();
  readonly #ended = new AbortController();
  #head: Head | undefined;
  readonly #fresh = new Fresh(() => this.#readHead());
  #opened: Promise<void> | undefined;

  /** @param attempts how often a call that may succeed later is made */
  constructor(backend: Backend, attempts: number) {
    this.#backend = backend;
    this.#retry = retry(
      handleWhen((error) => backend.isRetriable(error)),
      { maxAttempts: attempts - 1, backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 2_000 }) },
    );
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    checkKey(key);
    await this.#open();
    await this.#ownCommits(key);
    return this.#whole(key);
  }

  /** A key's value, with every commit that counts in it: where a writer has died among the pieces, the commit is applied first. */
  readonly #whole = async (key: string): Promise<Uint8Array | undefined> => {
    for (let attempt = 0; ; attempt++) {
      const [value, head] = await Promise.all([this.#read(() => this.#backend.get(key)), this.#fresh.get()]);
      if (await this.#settle(parseState(head.state), key)) continue;
      if (value !== TORN) return value;
      await this.#pause(attempt);
      this.#mustBeOpen();
    }
  };

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    checkWrites(writes);
    // Copied before anything is waited for.
    const prepared = prepare(writes);
    await this.#open();
    if (prepared.keys.length === 0) return;
    await this.#write(() => this.#commit(prepared));
  }

  async *scan(
    prefix: string,
    options: { readonly from?: string; readonly limit?: number } = {},
  ): AsyncGenerator<readonly [key: string, value: Uint8Array]> {
    const { from = prefix, limit = Number.POSITIVE_INFINITY } = options;
    checkKey(prefix);
    checkKey(from);
    await this.#open();
    if (limit <= 0) return;
    await this.#ownCommits(prefix);
    while (await this.#settle(parseState((await this.#fresh.get()).state), prefix));
    const start = compareKeys(from, prefix) > 0 ? from : prefix;
    if (!start.startsWith(prefix) && compareKeys(start, prefix) > 0) return;
    const entries = this.#backend.scan({ start, prefix, limit }, this.#tried, this.#whole);
    try {
      for (;;) {
        const { value: entry, done } = await this.#answered(() => entries.next());
        if (done) return;
        yield entry;
        this.#mustBeOpen();
      }
    } finally {
      await entries.return(undefined);
    }
  }

  async compareAndSet(key: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean> {
    checkKey(key);
    checkValue(next);
    const before = expected === undefined ? undefined : new Uint8Array(expected);
    const prepared = prepare([{ type: 'put', key, value: next }]);
    await this.#open();
    await this.#ownCommits(key);
    return this.#write(async () => {
      await this.#upload(prepared);
      const number = await this.#turn.take(() => this.#moveIf(key, before, prepared));
      if (number === undefined) {
        await this.#abandon(prepared).catch(() => undefined);
        return false;
      }
      if (guardedBy(key) !== undefined) this.#leases.set(key, number);
      await this.#finish(prepared, number);
      return true;
    });
  }

  /** May be called again. */
  async close(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    // One that could not be opened has nothing to close.
    await this.#opened?.catch(() => undefined);
    await Promise.allSettled(this.#applying.values());
    await this.#backend.close();
  }

  // --- opening, and what may be tried again ---

  async #open(): Promise<void> {
    this.#mustBeOpen();
    this.#opened ??= this.#begin();
    try {
      await this.#opened;
    } catch (error) {
      // The next call tries again: the database may be back.
      this.#opened = undefined;
      throw error;
    }
    this.#mustBeOpen();
  }

  async #begin(): Promise<void> {
    await this.#backend.open();
    // What a process that is gone left behind.
    const { commits } = parseState((await this.#read(() => this.#backend.readHead(true))).state);
    for (const { id, parts } of commits.filter((commit) => commit.phase === 'drop')) {
      await this.#backend.dropParts(id, parts).catch(() => undefined);
      this.#dropped.add(id);
    }
  }

  #mustBeOpen(): void {
    if (this.#ended.signal.aborted) throw new AuspexError('STORE_CLOSED', 'the store was closed', { path: this.#backend.where });
  }

  readonly #tried: Tried = (call) => this.#retry.execute(call, this.#ended.signal);

  #read<T>(call: () => Promise<T>): Promise<T> {
    return this.#answered(() => this.#tried(call));
  }

  async #answered<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      this.#mustBeOpen();
      if (error instanceof AuspexError) throw error;
      throw new AuspexError('STORE_UNREACHABLE', `the database did not answer: ${oneLine((error as Error).message)}`, {
        path: this.#backend.where,
        remedy: 'Start the database, or repair the way to it; what is stored is intact.',
        cause: error,
      });
    }
  }

  async #write<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      this.#mustBeOpen();
      if (error instanceof AuspexError) throw error;
      throw new AuspexError('STORE_WRITE_FAILED', `the database did not confirm the batch: ${oneLine((error as Error).message)}`, {
        path: this.#backend.where,
        remedy: 'Start the database, or repair the way to it; the batch was stored whole or not at all, and may be written again.',
        cause: error,
      });
    }
  }

  // --- commits ---

  async #commit(first: Prepared): Promise<void> {
    // Another name each time: somebody may be dropping the parts of one that was taken for dead.
    for (let prepared = first; ; prepared = { ...first, id: randomUUID() }) {
      try {
        await this.#upload(prepared);
        const number = await this.#turn.take(() => this.#move((state, at) => this.#publish(state, at, prepared)));
        await this.#finish(prepared, number);
        return;
      } catch (error) {
        if (error instanceof UploadLost) continue;
        if (error instanceof AuspexError && error.code === 'STORE_LOCKED') await this.#abandon(prepared).catch(() => undefined);
        throw error;
      }
    }
  }

  /** Removes the parts of a commit that is applied, or surely never will be. */
  async #abandon({ id, parts }: Pick<Prepared, 'id' | 'parts'>): Promise<void> {
    if (parts === 0) return;
    await this.#backend.dropParts(id, parts);
    // Its name goes with the next move.
    this.#dropped.add(id);
  }

  /** Large writes are put down first, announced on the head so that a later process can tidy up after one that died. */
  async #upload({ id, bytes, parts, segments }: Prepared): Promise<void> {
    if (parts === 0) return;
    await this.#turn.take(() =>
      this.#move((state, number) => {
        const others = state.commits.filter((commit) => commit.id !== id);
        return { ...state, commits: [...others, { id, phase: 'upload', number, parts, segments }] };
      }),
    );
    await parallel(parts, UPLOADS, (index) => this.#tried(() => this.#backend.putPart(id, index, part(bytes, index))));
  }

  /** The state with the commit in it. @throws AuspexError `STORE_LOCKED` to one who has lost the lease over one of its keys */
  #publish(state: State, number: number, { id, bytes, parts, segments, keys }: Prepared): State {
    for (const [lease, mine] of this.#leases) {
      const guarded = guardedBy(lease) as string;
      if (state.leases[lease] === mine || !keys.some((key) => key.startsWith(guarded) && key !== lease)) continue;
      throw new AuspexError('STORE_LOCKED', `another instance took ${lease}: the batch was not stored`, { path: this.#backend.where });
    }
    if (parts > 0 && !state.commits.some((commit) => commit.id === id && commit.phase === 'upload')) throw new UploadLost();
    const others = state.commits.filter((commit) => commit.id !== id);
    const inline = parts === 0 ? { inline: Buffer.from(bytes).toString('base64') } : {};
    return { ...state, commits: [...others, { id, phase: 'apply', number, parts, segments, ...inline }] };
  }

  /** Puts `prepared` where `key` holds `expected`; the number of the move, undefined where it holds something else. */
  async #moveIf(key: string, expected: Uint8Array | undefined, prepared: Prepared): Promise<number | undefined> {
    for (let attempt = 0; ; attempt++) {
      this.#head = await this.#read(() => this.#backend.readHead(true));
      const head = this.#head;
      const state = parseState(head.state);
      const done = state.recent.find(([mark]) => mark === prepared.id);
      if (done) return done[1];
      if (await this.#settle(state, key)) continue;
      const present = await this.#read(() => this.#backend.get(key));
      if (present === TORN) {
        await this.#pause(attempt);
        continue;
      }
      if (!sameValue(present, expected)) return undefined;
      // Only onto the very head under which the value was read.
      const number = await this.#step(head, prepared.id, (present, at) => {
        const next = this.#publish(present, at, prepared);
        return guardedBy(key) === undefined ? next : { ...next, leases: { ...next.leases, [key]: at } };
      });
      if (number !== undefined) return number;
      if (attempt >= MOVES) throw new Error('others wrote all the time');
      await this.#pause(attempt);
    }
  }

  /** Writes the records of a commit that counts, then takes it off the head. */
  async #finish({ id, bytes, parts }: Prepared, number: number): Promise<void> {
    const work = this.#backend.apply(decodeWrites(bytes), number, this.#tried);
    this.#applying.set(
      id,
      work.catch(() => undefined),
    );
    try {
      await work;
      this.#applied.add(id);
    } finally {
      // Where it failed the next reader or writer applies it, this one included.
      this.#applying.delete(id);
    }
    // From here on nothing can be lost: what cannot be tidied now is tidied later.
    await this.#tidy(id, parts).catch(() => undefined);
  }

  async #tidy(id: string, parts: number): Promise<void> {
    await this.#turn.take(async () => {
      if (this.#applied.has(id)) await this.#move((state) => state);
    });
    await this.#abandon({ id, parts });
  }

  /** Waits for what this instance is writing itself: it never sees half of its own batch. */
  async #ownCommits(prefix: string): Promise<void> {
    if (this.#applying.size === 0) return;
    const { commits } = parseState(this.#head?.state ?? '{}');
    await Promise.all(commits.filter((commit) => touches(commit, prefix)).map((commit) => this.#applying.get(commit.id)));
  }

  /** Applies commits that others left or are still applying. True = there were some: what was read before is to be read again. */
  async #settle(state: State, prefix: string): Promise<boolean> {
    const open = state.commits.filter((commit) => commit.phase === 'apply' && !this.#applied.has(commit.id) && touches(commit, prefix));
    for (const commit of open.sort((a, b) => a.number - b.number)) {
      const own = this.#applying.get(commit.id);
      if (own) await own;
      else await this.#help(commit);
    }
    return open.length > 0;
  }

  async #help(commit: Commit): Promise<void> {
    const work = this.#answered(async () => {
      const bytes = await this.#tried(() => this.#bytesOf(commit));
      // Its parts are gone: it was applied and dropped since the head was read.
      if (bytes) await this.#backend.apply(decodeWrites(bytes), commit.number, this.#tried);
    });
    this.#applying.set(
      commit.id,
      work.catch(() => undefined),
    );
    try {
      await work;
      this.#applied.add(commit.id);
    } finally {
      this.#applying.delete(commit.id);
    }
  }

  async #bytesOf({ id, parts, inline }: Commit): Promise<Uint8Array | undefined> {
    if (inline !== undefined) return Buffer.from(inline, 'base64');
    const read: Uint8Array[] = [];
    let missing = false;
    await parallel(parts, UPLOADS, async (index) => {
      const bytes = await this.#backend.getPart(id, index);
      if (bytes) read[index] = bytes;
      else missing = true;
    });
    if (!missing) return Buffer.concat(read);
    const { commits } = parseState((await this.#backend.readHead(true)).state);
    if (!commits.some((commit) => commit.id === id && commit.phase === 'apply')) return undefined;
    throw new AuspexError('STORE_UNREADABLE', 'parts of a batch that counts are missing', { path: this.#backend.where });
  }

  // --- the head ---

  async #readHead(): Promise<Head> {
    const head = await this.#read(() => this.#backend.readHead(false));
    if (head.number > (this.#head?.number ?? -1)) {
      this.#head = head;
      // One who only reads never moves the head: what others took off it is not remembered for ever.
      const open = new Set(this.#applied.size > 0 ? parseState(head.state).commits.map(({ id }) => id) : []);
      for (const id of this.#applied) if (!open.has(id)) this.#applied.delete(id);
    }
    return head;
  }

  /** Moves the head to what `make` makes of it, however many others do so too. Within a turn. Returns the new number. */
  async #move(make: (state: State, number: number) => State): Promise<number> {
    const mark = randomUUID();
    for (let attempt = 0; ; attempt++) {
      this.#head ??= await this.#read(() => this.#backend.readHead(true));
      const number = await this.#step(this.#head, mark, make);
      if (number !== undefined) return number;
      const head = await this.#read(() => this.#backend.readHead(true));
      const done = parseState(head.state).recent.find(([each]) => each === mark);
      this.#head = head;
      if (done) return done[1];
      if (attempt >= MOVES) throw new Error('others wrote all the time');
      if (attempt > 0) await this.#pause(attempt);
    }
  }

  /** One try. Undefined = another was quicker, or nobody knows: the head says. */
  async #step(head: Head, mark: string, make: (state: State, number: number) => State): Promise<number | undefined> {
    this.#mustBeOpen();
    const number = head.number + 1;
    const before = parseState(head.state);
    const made = make(before, number);
    const [applied, dropped] = [new Set(this.#applied), new Set(this.#dropped)];
    const commits = made.commits.flatMap((commit): readonly Commit[] => {
      // One that counts stays, whatever became of its parts' name.
      if (dropped.has(commit.id) && commit.phase !== 'apply') return [];
      const stale = commit.phase === 'upload' && commit.number < number - STALE_MOVES;
      if (!stale && !(commit.phase === 'apply' && applied.has(commit.id))) return [commit];
      return commit.parts === 0 ? [] : [{ ...commit, phase: 'drop', number }];
    });
    const next: Head = { number, state: stateText({ ...made, commits }, mark, number) };
    try {
      if (!(await this.#backend.moveHead(head.number, next))) return undefined;
    } catch (error) {
      if (!this.#backend.isRetriable(error)) throw error;
      return undefined;
    }
    this.#head = next;
    for (const id of applied) if (!commits.some((commit) => commit.id === id && commit.phase === 'apply')) this.#applied.delete(id);
    for (const id of dropped) this.#dropped.delete(id);
    return number;
  }

  /** Waits a little, longer and by chance, so that two who met do not meet again. */
  async #pause(attempt: number): Promise<void> {
    await retry(
      handleWhen(() => true),
      { maxAttempts: 1, backoff: new ExponentialBackoff({ initialDelay: 5 * Math.min(attempt + 1, 20), maxDelay: 500 }) },
    )
      .execute(() => Promise.reject(new Error('wait')), this.#ended.signal)
      .catch(() => undefined);
  }
}

function prepare(writes: readonly StoreWrite[]): Prepared {
  const last = lastWrites(writes);
  const bytes = encodeWrites(last);
  const keys = last.map((write) => write.key);
  return {
    // Unlike any other process's: not of the context's chance, which is the same in two engines of one seed.
    id: randomUUID(),
    bytes,
    segments: segmentsOf(keys),
    keys,
    parts: bytes.length <= INLINE_BYTES ? 0 : partCount(bytes),
  };
}
