/** The part of an lmdb database that the store calls. Keys and values are bytes. */
export interface LmdbClient {
  get(key: Buffer): Buffer | undefined;
  getRange(options: { start: Buffer; end: Buffer; limit: number }): Iterable<{ key: Buffer; value: Buffer }>;
  putSync(key: Buffer, value: Uint8Array): void;
  removeSync(key: Buffer): boolean;
  /** Runs `action` in one transaction, synced to the disk when it returns; undone when `action` throws. */
  transactionSync<T>(action: () => T): T;
  /** Lets the next read see what other processes committed. */
  resetReadTxn(): void;
  close(): Promise<void>;
}

export const CLIENT_OPTIONS = {
  noSubdir: false,
  encoding: 'binary',
  keyEncoding: 'binary',
  // A commit returns when it is on the disk. Overlapping syncs return sooner and need a recovery after a power cut.
  overlappingSync: false,
} as const;

/** Opens the database in the directory `path`, which exists. lmdb is loaded here, so that importing the plugin loads nothing native. */
export async function openClient(path: string): Promise<LmdbClient> {
  const { open } = await import('lmdb');
  return open({ path, ...CLIENT_OPTIONS }) as unknown as LmdbClient;
}
