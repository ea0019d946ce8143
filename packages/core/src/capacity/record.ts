import { pack, unpack } from '@auspex/numerics';
import type { EngineSettings } from '../config/schema.ts';
import type { PoolState } from '../cycle/pools.ts';
import type { CapacityRecord, Size } from './state.ts';

const FORMAT = 1;

/** What is learnt of all pools' capacity, as it is written with each checkpoint. */
export function encodeCapacity(pools: readonly PoolState[]): Uint8Array {
  const records = pools.map(({ pool, configured, capacity }): CapacityRecord => {
    const { lead, rates, worked, told } = capacity;
    return { pool: pool.id, lead, rates, worked: worked ?? null, told, size: sizeOf(pool), configured: sizeOf(configured) };
  });
  return pack({ v: FORMAT, pools: records });
}

/**
 * Puts it back.
 *
 * @param settings what of it the config lets pools go by
 * @param resize makes a pool go by what it had learnt; not called where the config says something else than it did then
 * @throws on bytes of another format
 */
export function restoreCapacity(
  bytes: Uint8Array,
  pools: readonly PoolState[],
  settings: EngineSettings['pools'],
  resize: (state: PoolState, size: Size) => void,
): void {
  const record = unpack<{ readonly v: number; readonly pools: readonly CapacityRecord[] }>(bytes);
  if (record?.v !== FORMAT) throw new Error(`capacity of format ${String(record?.v)}; this version reads ${FORMAT}`);
  for (const { pool, lead, rates, worked, told, size, configured } of record.pools) {
    const state = pools.find((each) => each.pool.id === pool);
    if (!state) continue;
    state.capacity = { lead, rates, worked: worked ?? undefined, told: { ...told } };
    const learn = settings.find(({ id }) => id === pool)?.learn;
    const now = sizeOf(state.configured);
    const same = configured.leadTimeMs === now.leadTimeMs && configured.unitRate === now.unitRate;
    if (!same) continue;
    const next = {
      leadTimeMs: learn?.leadTime === 'use' ? size.leadTimeMs : now.leadTimeMs,
      unitRate: learn?.unitRate === 'use' ? size.unitRate : now.unitRate,
    };
    if (next.leadTimeMs !== now.leadTimeMs || next.unitRate !== now.unitRate) resize(state, next);
  }
}

function sizeOf({ leadTimeMs, unitRate }: Size): Size {
  return { leadTimeMs, unitRate };
}
