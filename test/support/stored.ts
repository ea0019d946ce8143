import { decodeUsage } from '../../packages/core/src/index.ts';
import { LmdbStore } from '../../packages/stores/src/lmdb/store.ts';

/** What the store holds of each group: closed usage and what came late. */
export async function stored(at: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const store = new LmdbStore({ path: at });
  try {
    for await (const [key, bytes] of store.scan('shard/')) {
      if (!/^shard\/[^/]+\/(?:usage|late)\//.test(key)) continue;
      for (const { group, offered } of decodeUsage(bytes).usage) counts.set(group, (counts.get(group) ?? 0) + offered);
    }
  } finally {
    await store.close();
  }
  return counts;
}
