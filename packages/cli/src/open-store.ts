import { AuspexError, type Store } from '@auspex/contracts';
import { type AuspexConfig, parseConfig, readJournal, standaloneContext } from '@auspex/core';
import { catalogue } from '@auspex/preset';
import type { Io } from './io.ts';
import { findConfig, loadConfig } from './load-config.ts';

export interface StoreFlags {
  readonly config?: string;
}

/** The store of the config, opened for reading beside a running engine; the caller closes it. */
export async function openStore(flags: StoreFlags, io: Io): Promise<{ store: Store; config: AuspexConfig }> {
  const config = await loadConfig(findConfig(io.cwd, flags.config));
  const { store } = parseConfig(config, catalogue);
  if (!store.plugin.capabilities.durable) {
    throw new AuspexError('SUPPORT', `the store "${store.plugin.id}" keeps nothing beyond its process`, {
      path: 'store',
      remedy: 'Use a durable store such as lmdb.',
    });
  }
  return { store: store.plugin.create(store.options as never, standaloneContext({ signal: io.signal })), config };
}

/** The journal of the config's store, line by line. */
export async function* journalLines(flags: StoreFlags, io: Io, from?: number): AsyncGenerator<string> {
  const { store } = await openStore(flags, io);
  try {
    yield* readJournal(store, from);
  } finally {
    await store.close();
  }
}
