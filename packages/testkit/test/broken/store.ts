import { AuspexError, defineStore, type Store, type StoreWrite } from '@auspex/contracts';
import type { StoreSubject } from '@auspex/testkit';
import { z } from 'zod';
import { type Broken, commonlyBroken } from '../proof.ts';

/** What outlives an instance. */
interface Disk {
  readonly files: Map<string, Uint8Array>;
  newer: boolean;
}

const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
/** The same for many: each is made bytes once. */
const sorted = (keys: readonly string[]): string[] =>
  keys
    .map((key) => [key, Buffer.from(key)] as const)
    .sort(([, a], [, b]) => Buffer.compare(a, b))
    .map(([key]) => key);
const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean => a === b || (!!a && !!b && Buffer.compare(a, b) === 0);
const copied = (value: Uint8Array | undefined): Uint8Array | undefined => value?.slice();

/** A store on a disk in memory. */
function tiny(disk: Disk): Store {
  let closed = false;
  const open = (): void => {
    if (closed) throw new AuspexError('STORE_CLOSED', 'closed');
    if (disk.newer) throw new AuspexError('STORE_NEWER', 'version 2');
  };
  return {
    get: async (key) => {
      open();
      return copied(disk.files.get(key));
    },
    batch: async (writes) => {
      open();
      for (const { key } of writes) checkKey(key);
      for (const write of writes) apply(disk, write);
    },
    async *scan(prefix, { from = '', limit = Number.POSITIVE_INFINITY } = {}) {
      open();
      const keys = sorted([...disk.files.keys()].filter((key) => key.startsWith(prefix) && order(key, from) >= 0));
      for (const key of keys.slice(0, limit)) yield [key, copied(disk.files.get(key)) as Uint8Array] as const;
    },
    compareAndSet: async (key, expected, next) => {
      open();
      checkKey(key);
      if (!same(disk.files.get(key), expected)) return false;
      disk.files.set(key, next.slice());
      return true;
    },
    close: async () => {
      closed = true;
    },
  };
}

function checkKey(key: string): void {
  if (Buffer.byteLength(key) > 512) throw new AuspexError('STORE_KEY_TOO_LONG', `${Buffer.byteLength(key)} bytes`);
}

function apply(disk: Disk, write: StoreWrite): void {
  if (write.type === 'put') disk.files.set(write.key, write.value.slice());
  else disk.files.delete(write.key);
}

type Change = (right: Store, disk: Disk) => Partial<Store>;

const subject = (change: Change) => (): StoreSubject => {
  const disk: Disk = { files: new Map(), newer: false };
  return {
    plugin: defineStore({
      id: 'tiny',
      summary: 'A test.',
      config: z.strictObject({}),
      capabilities: { durable: true },
      create: () => {
        const right = tiny(disk);
        return { ...right, ...change(right, disk) };
      },
    }),
    newer: () => {
      disk.newer = true;
    },
  };
};

export const rightStore = subject(() => ({}));

const broken = (law: string, how: string, change: Change): Broken<StoreSubject> => ({ law, how, make: subject(change) });

type Scan = Store['scan'];
/** Another scan, made of the entries that the right one gives. */
const scanning =
  (change: (entries: (readonly [string, Uint8Array])[], ...given: Parameters<Scan>) => (readonly [string, Uint8Array])[]): Change =>
  (right) => ({
    async *scan(prefix, options) {
      const entries: (readonly [string, Uint8Array])[] = [];
      for await (const entry of right.scan(prefix, options)) entries.push(entry);
      yield* change(entries, prefix, options);
    },
  });
/** Writes that are changed before they are made. */
const writing =
  (change: (writes: readonly StoreWrite[]) => readonly StoreWrite[]): Change =>
  (right) => ({
    batch: (writes) => right.batch(change(writes)),
  });
/** Every key under another name. */
const keyed =
  (rename: (key: string) => string): Change =>
  (right) => ({
    get: (key) => right.get(rename(key)),
    batch: (writes) => right.batch(writes.map((write) => ({ ...write, key: rename(write.key) }))),
  });
const turn = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await Promise.resolve();
};
/** Reads, waits and writes: whoever comes in between is not seen. */
async function careless(store: Store, key: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean> {
  const present = await store.get(key);
  await turn();
  await turn();
  if (!same(present, expected)) return false;
  while (!(await store.compareAndSet(key, await store.get(key), next)));
  return true;
}
const values = (change: (value: Uint8Array) => Uint8Array): Change =>
  writing((writes) => writes.map((write) => (write.type === 'put' ? { ...write, value: change(write.value) } : write)));

export const brokenStores: readonly Broken<StoreSubject>[] = [
  ...commonlyBroken(rightStore),
  broken(
    'it gives back what was put',
    'values are taken for text',
    values((value) => (value.length === 2_000 ? Buffer.from(Buffer.from(value).toString('utf8')) : value)),
  ),
  broken('it gives back what was put', 'the first value stays', (right) => ({
    batch: async (writes) => {
      const first = await right.get('law/a');
      if (first?.length === 2_000) return;
      await right.batch(writes);
    },
  })),
  broken(
    'it keeps a value of a megabyte',
    'it has room for 64 KB',
    values((value) => value.subarray(0, 65_536)),
  ),
  broken('absent is not empty', 'absent is empty', (right) => ({
    get: async (key) => (await right.get(key)) ?? (key === 'law/absent' ? new Uint8Array(0) : undefined),
  })),
  broken('absent is not empty', 'empty is absent', (right) => ({
    get: async (key) => {
      const value = await right.get(key);
      return value?.length === 0 && key === 'law/empty' ? undefined : value;
    },
  })),
  broken(
    'what is deleted is gone',
    'a deletion of several keys deletes none',
    writing((writes) => (writes.every((write) => write.type === 'delete') && writes.length > 1 ? [] : writes)),
  ),
  broken(
    'keys that look alike are apart',
    'spaces at the end do not count',
    keyed((key) => (key === 'law/k ' ? 'law/k' : key)),
  ),
  broken(
    'keys that look alike are apart',
    'case does not count',
    keyed((key) => (key === 'law/K' ? 'law/k' : key)),
  ),
  broken(
    'keys that look alike are apart',
    'accents are normalised',
    keyed((key) => (key === 'law/e\u0301' ? key.normalize('NFC') : key)),
  ),
  broken('a key of 512 bytes is taken, a longer one refused', 'long keys are cut', (right) => ({
    ...keyed((key) => Buffer.from(key).subarray(0, 512).toString())(right, undefined as never),
    compareAndSet: (key, expected, next) => right.compareAndSet(Buffer.from(key).subarray(0, 512).toString(), expected, next),
  })),
  broken('a key of 512 bytes is taken, a longer one refused', '512 UTF-16 units are meant', (right, disk) => ({
    batch: async (writes) => {
      const long = writes.some(({ key }) => key.length > 512);
      await right.batch(long ? writes : []);
      if (!long) for (const write of writes) apply(disk, write);
    },
  })),
  broken('a scan gives what begins with its prefix, and nothing else', 'an underscore stands for anything', (right) => ({
    scan: (prefix, options) => (prefix === 'law/a_' ? right.scan('law/a', options) : right.scan(prefix, options)),
  })),
  broken(
    'a scan gives what begins with its prefix, and nothing else',
    'it ends before the last character of Unicode',
    scanning((entries, prefix) => (prefix === 'law/a/' ? entries.filter(([key]) => !key.includes('\u{10ffff}')) : entries)),
  ),
  broken(
    'a scan is in the order of the bytes of its keys',
    'it is in the order of UTF-16',
    scanning((entries, _, options) =>
      options?.from === undefined && options?.limit === undefined ? entries.toSorted(([a], [b]) => (a < b ? -1 : 1)) : entries,
    ),
  ),
  broken(
    'a scan is in the order of the bytes of its keys',
    'it is in the order of a language',
    scanning((entries) => (entries.length === 11 ? entries.toSorted(([a], [b]) => a.localeCompare(b)) : entries)),
  ),
  broken(
    'a scan begins where it is told, and ends at its limit',
    'it begins after the key',
    scanning((entries, _, options) => entries.filter(([key]) => key !== options?.from)),
  ),
  broken('a scan begins where it is told, and ends at its limit', 'a limit of 0 is none', (right) => ({
    scan: (prefix, options = {}) => right.scan(prefix, options.limit === 0 ? {} : options),
  })),
  broken(
    'a scan of ten thousand keys gives each once',
    'the last of a page comes twice',
    scanning((entries) => entries.flatMap((entry, i) => (i % 1_000 === 999 ? [entry, entry] : [entry]))),
  ),
  broken(
    'a scan of ten thousand keys gives each once',
    'it gives 5,000 at most',
    scanning((entries) => entries.slice(0, 5_000)),
  ),
  broken('a batch is whole or not at all', 'each write is checked when its turn comes', (right) => ({
    batch: async (writes) => {
      for (const write of writes) await right.batch([write]);
    },
  })),
  broken(
    'of two writes of one key in a batch the last stands',
    'deletions are done last',
    writing((writes) => writes.toSorted((a, b) => (a.type === b.type ? 0 : a.type === 'put' ? -1 : 1))),
  ),
  broken(
    'of two writes of one key in a batch the last stands',
    'the first of a key stands',
    writing((writes) => writes.filter((write, i) => writes.findIndex(({ key }) => key === write.key) === i)),
  ),
  broken('compare-and-set puts only where the present value is the expected one', 'it only looks whether there is one', (right, disk) => ({
    compareAndSet: async (key, expected, next) => {
      const sure = expected !== undefined && expected.length === 1 && disk.files.get(key)?.length === 1;
      return right.compareAndSet(key, sure ? disk.files.get(key) : expected, next);
    },
  })),
  broken('compare-and-set puts only where the present value is the expected one', 'empty is absent', (right) => ({
    compareAndSet: (key, expected, next) => right.compareAndSet(key, expected?.length === 0 ? undefined : expected, next),
  })),
  broken('compare-and-set puts only where the present value is the expected one', 'it puts the value all the same', (right, disk) => ({
    compareAndSet: async (key, expected, next) => {
      const done = await right.compareAndSet(key, expected, next);
      if (!done && key === 'law/a') disk.files.set(key, next.slice());
      return done;
    },
  })),
  broken('of many compare-and-sets at once exactly one wins', 'its queue holds ten, and the rest do not wait', (right) => {
    let waiting = 0;
    return {
      compareAndSet: async (key, expected, next) => {
        if (waiting >= 10) return careless(right, key, expected, next);
        waiting++;
        await turn();
        waiting--;
        return right.compareAndSet(key, expected, next);
      },
    };
  }),
  broken('values are copied in and out', 'it keeps the array that was put', (right, disk) => ({
    batch: async (writes) => {
      await right.batch(writes);
      for (const write of writes) if (write.type === 'put' && disk.files.has(write.key)) disk.files.set(write.key, write.value);
    },
  })),
  broken('values are copied in and out', 'it hands out its own array', (right, disk) => ({
    get: async (key) => {
      await right.get(key);
      return disk.files.get(key);
    },
  })),
  broken(
    'values are copied in and out',
    'it keeps the whole buffer of a view',
    values((value) => (value.buffer.byteLength === 10 ? new Uint8Array(value.buffer) : value)),
  ),
  broken('after close every call is refused', 'a read after close is answered', (right, disk) => {
    let closed = false;
    return {
      get: async (key) => (closed ? copied(disk.files.get(key)) : right.get(key)),
      close: async () => {
        closed = true;
        await right.close();
      },
    };
  }),
  broken('after close every call is refused', 'it says TypeError', (right) => {
    let closed = false;
    return {
      scan: (prefix, options) => {
        if (closed) throw new TypeError('cannot read properties of undefined');
        return right.scan(prefix, options);
      },
      close: async () => {
        closed = true;
        await right.close();
      },
    };
  }),
  broken('what was acknowledged is there after a restart', 'deletions wait until it is closed', (right) => {
    const gone = new Set<string>();
    return {
      get: async (key) => {
        const value = await right.get(key);
        return gone.has(key) ? undefined : value;
      },
      batch: async (writes) => {
        const deletions = writes.length > 0 && writes.every((write) => write.type === 'delete');
        await right.batch(deletions ? [] : writes);
        for (const write of writes) gone[deletions ? 'add' : 'delete'](write.key);
      },
      async *scan(prefix, options) {
        for await (const entry of right.scan(prefix, options)) if (!gone.has(entry[0])) yield entry;
      },
      close: async () => {
        await right.batch([...gone].map((key) => ({ type: 'delete', key })));
        await right.close();
      },
    };
  }),
  broken('of two instances exactly one wins', 'each instance has a lock of its own', (right) => {
    let last: Promise<unknown> = Promise.resolve();
    return {
      compareAndSet: (key, expected, next) => {
        const mine = last.then(() => careless(right, key, expected, next));
        last = mine.catch(() => undefined);
        return mine;
      },
    };
  }),
  broken('what a newer version wrote is refused', 'it only looks before it writes', (right, disk) => ({
    get: async (key) => (disk.newer ? copied(disk.files.get(key)) : right.get(key)),
  })),
  broken('what a newer version wrote is refused', 'it says that the store is broken', (right, disk) => ({
    get: async (key) => {
      if (disk.newer) throw new AuspexError('STORE_UNREADABLE', 'unknown format');
      return right.get(key);
    },
  })),
];
