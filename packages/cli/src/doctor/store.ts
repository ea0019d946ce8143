import { randomUUID } from 'node:crypto';
import { AuspexError, type Clock, type Store } from '@auspex/contracts';
import { type ResolvedConfig, standaloneContext } from '@auspex/core';
import { atMost, type Checkup, type Found } from './checkup.ts';
import { checkDisk } from './disk.ts';
import { checkLease, type Leases } from './lease.ts';

/** A write that takes longer than this holds up every step. Milliseconds. */
const SLOW_MS = 1_000;

export interface CheckedStore {
  /** Undefined = it cannot be had. */
  readonly store: Store | undefined;
  readonly held: boolean;
  close(): Promise<void>;
}

/** Opens the store of the config, writes to it and reads back, and says who holds it. */
export async function checkStore(checkup: Checkup, { store: used }: ResolvedConfig, missing: string | undefined): Promise<CheckedStore> {
  const { plugin, options } = used;
  const { path } = options as { readonly path?: string };
  if (plugin.id === 'lmdb' && path !== undefined) await checkup.run('store.disk', 'STORE_UNREACHABLE', () => checkDisk(path));
  let made: Store | undefined;
  const opened =
    missing === undefined
      ? await checkup.run<Store>('store', 'STORE_UNREACHABLE', async () => {
          made = plugin.create(options as never, standaloneContext({ clock: checkup.clock }));
          // The first call opens it, and looks at the version of what is there.
          await made.get('lease/allocator');
          if (plugin.capabilities.durable) return { seen: `${plugin.id} opens, and its format can be read`, value: made };
          const remedy = 'Use a durable store such as lmdb, unless nothing need outlast the process.';
          return { seen: `${plugin.id} keeps nothing beyond its process`, remedy, value: made };
        })
      : undefined;
  if (missing !== undefined) checkup.skip('store', `the package ${missing} is missing`);
  const leases = await withStore(checkup, opened);
  return { store: opened, held: leases?.held ?? false, close: () => atMost(checkup.clock, 2_000, made?.close()) };
}

async function withStore(checkup: Checkup, store: Store | undefined): Promise<Leases | undefined> {
  if (!store) {
    for (const check of ['store.write', 'store.lease']) checkup.skip(check, 'the store cannot be had');
    return undefined;
  }
  await checkup.run('store.write', 'STORE_UNREACHABLE', () => roundTrip(store, checkup.clock));
  return checkup.run<Leases>('store.lease', 'STORE_UNREACHABLE', () => checkLease(store, checkup.clock.now()));
}

/** Under a key of its own, which is gone again afterwards. */
async function roundTrip(store: Store, clock: Clock): Promise<Found> {
  const key = `doctor/${randomUUID()}`;
  const value = new TextEncoder().encode(key);
  const timed = async <T>(act: () => Promise<T>): Promise<readonly [result: T, ms: number]> => {
    const began = clock.now();
    return [await act(), clock.now() - began];
  };
  const [, wrote] = await timed(() => store.batch([{ type: 'put', key, value }]));
  const [found, read] = await timed(() => store.get(key));
  const [, deleted] = await timed(() => store.batch([{ type: 'delete', key }]));
  if (found === undefined || Buffer.compare(found, value) !== 0 || (await store.get(key)) !== undefined)
    throw new AuspexError('STORE_UNREADABLE', `${key} does not hold what was written`, {
      path: 'store',
      remedy: 'Look at the consistency that the store is asked for, and at its own log.',
    });
  const seen = `wrote in ${wrote} ms, read in ${read} ms, deleted in ${deleted} ms`;
  if (Math.max(wrote, read, deleted) < SLOW_MS) return { seen };
  return { seen, remedy: 'Bring the store nearer, or look at its load: each step waits for it.' };
}
