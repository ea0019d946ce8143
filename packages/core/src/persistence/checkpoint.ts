import type { StoreWrite } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import type { Cycle } from '../cycle/cycle.ts';
import { beginQuiet, type QuietState } from '../cycle/quiet.ts';
import type { HoldBoard } from '../holds/board.ts';
import type { Hold } from '../holds/record.ts';
import { beginCap, type CapState } from '../hostile/cap.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { ShardCounts } from '../ingest/shard.ts';
import { beginOutcomes, type OutcomeState } from '../outcomes/awaited.ts';
import type { PoolRollout } from '../rollout/rollouts.ts';
import type { AllocateStage } from '../stages/allocate.ts';
import type { EnricherRecord, EnrichStage } from '../stages/enrich.ts';
import { decodeUsage, encodeUsage } from './codec.ts';
import { KEYS } from './keys.ts';

/** Version of everything that the engine itself writes. Version N reads N and N - 1. */
const FORMAT = 1;

interface ShardRecord {
  readonly source: string;
  readonly partition: string;
  readonly position: string | null;
  readonly watermark: number;
  readonly boundary: number;
  readonly ended: boolean;
  readonly counts: ShardCounts;
  readonly open: Uint8Array;
  readonly gaps: readonly { from: number; to: number }[];
  readonly enrichers: readonly EnricherRecord[];
}

interface PoolRecord {
  readonly id: string;
  readonly previous: number | null;
  readonly proposals: readonly { step: number; units: number }[];
  readonly lastChange: number | null;
  readonly ready: number | null;
  /** Absent where a version wrote it that had none of these. */
  readonly calm?: readonly { step: number; units: number }[];
  readonly rollout?: PoolRollout | null;
  readonly outcomes?: OutcomeState;
  readonly capped?: CapState;
  readonly quiet?: QuietState;
}

export interface CheckpointRecord {
  readonly v: number;
  /** Length of a step: a store is of one step length. */
  readonly stepMs: number;
  /** Start of the next step to close. */
  readonly next: number;
  readonly shards: readonly ShardRecord[];
  readonly pools: readonly PoolRecord[];
  readonly allocator: Uint8Array;
  readonly digest: string;
  /** Holds that the journal has told of; absent where a version wrote it that knew none. */
  readonly holds?: readonly Hold[];
}

/** Everything that input and decisions stand on, as of between two batches. Small: written at every commit. */
export function writeCheckpoint(
  stepMs: number,
  ingest: Ingest,
  enrich: EnrichStage,
  cycle: Cycle,
  allocate: AllocateStage,
  holds: HoldBoard,
): StoreWrite {
  const record: CheckpointRecord = {
    v: FORMAT,
    stepMs,
    next: ingest.next,
    shards: [...ingest.shards.values()].map((shard): ShardRecord => {
      const at = shard.name.indexOf(':');
      return {
        source: shard.name.slice(0, at),
        partition: shard.name.slice(at + 1),
        position: shard.position ?? null,
        watermark: shard.watermark,
        boundary: shard.boundary,
        ended: shard.ended,
        counts: shard.counts,
        open: encodeUsage(ingest.next, shard.openUsage()),
        gaps: shard.gaps,
        enrichers: enrich.encode(shard.enricherStates),
      };
    }),
    pools: cycle.pools.map((state) => ({
      id: state.pool.id,
      previous: state.previous ?? null,
      proposals: state.proposals,
      lastChange: state.lastChange ?? null,
      ready: state.ready ?? null,
      calm: state.calm,
      rollout: state.rollout ?? null,
      outcomes: state.outcomes,
      capped: state.capped,
      quiet: state.quiet,
    })),
    allocator: allocate.encode(),
    digest: cycle.digest.toString(),
    holds: holds.encode(),
  };
  return { type: 'put', key: KEYS.checkpoint, value: pack(record) };
}

/** @throws on bytes of another format */
export function readCheckpoint(bytes: Uint8Array): CheckpointRecord {
  const record = unpack<CheckpointRecord>(bytes);
  if (record?.v !== FORMAT) throw new Error(`checkpoint of format ${String(record?.v)}; this version reads ${FORMAT}`);
  return record;
}

/** Puts the shards of a checkpoint back. An enricher that is new, or whose state cannot be read, begins from nothing and is reported. */
export function restoreShards(
  record: CheckpointRecord,
  ingest: Ingest,
  enrich: EnrichStage,
  onUnreadable: (enricher: string, shard: string, error: unknown) => void,
): void {
  for (const saved of record.shards) {
    // A source that the config no longer has would hold everybody else back for ever.
    if (!ingest.has(saved.source)) continue;
    const shard = ingest.shard(saved.source, saved.partition);
    const states = enrich.decode(saved.enrichers, (enricher, error) => onUnreadable(enricher, shard.name, error));
    shard.restore({ open: decodeUsage(saved.open).usage, enrichers: states });
    shard.position = saved.position ?? undefined;
    shard.watermark = saved.watermark;
    shard.boundary = saved.boundary;
    shard.ended = saved.ended;
    shard.gaps = saved.gaps.map((gap) => ({ ...gap }));
    Object.assign(shard.counts, saved.counts);
  }
  ingest.resume(record.next);
}

/** Puts the pools' guard state back. */
export function restorePools(record: CheckpointRecord, cycle: Cycle): void {
  for (const saved of record.pools) {
    const state = cycle.pools.find((each) => each.pool.id === saved.id);
    if (!state) continue;
    state.previous = saved.previous ?? undefined;
    state.proposals = saved.proposals.map((proposal) => ({ ...proposal }));
    state.lastChange = saved.lastChange ?? undefined;
    state.ready = saved.ready ?? undefined;
    state.calm = saved.calm?.map((each) => ({ ...each })) ?? [];
    // An older version knew nothing of it: what has just been learnt again stands.
    state.rollout = saved.rollout ?? undefined;
    state.outcomes = saved.outcomes ?? beginOutcomes();
    state.capped = saved.capped ?? beginCap;
    state.quiet = saved.quiet ?? beginQuiet;
  }
}
