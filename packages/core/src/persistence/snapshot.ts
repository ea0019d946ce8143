import type { Correlation, GroupInfo, Store, StoreWrite } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import type { Cycle } from '../cycle/cycle.ts';
import type { Attempt } from '../cycle/schedule.ts';
import type { PendingTraining, Training } from '../cycle/training.ts';
import { decodeLeaders, encodeLeaders } from '../leaders/state.ts';
import type { DetectStage } from '../stages/detect.ts';
import type { PredictStage } from '../stages/predict.ts';
import type { ProfileStage } from '../stages/profile.ts';
import { decodeSurge, encodeSurge } from '../surge/state.ts';
import { KEYS } from './keys.ts';

const FORMAT = 1;
const PROFILES = KEYS.profile('');
const SERIES = KEYS.series('');
const DETECT = KEYS.detect('');

interface GroupRecord {
  readonly id: string;
  readonly zone: string;
  readonly pops: readonly string[];
  readonly lastActive: number;
  readonly level: number;
  readonly correlated: readonly Correlation[];
}

interface SnapshotRecord {
  readonly v: number;
  readonly configHash: string;
  /** First step that the states do not hold. */
  readonly next: number;
  /** When weights were last trained, of whatever predictor. All that versions before `attempts` know. */
  readonly trained: number | null;
  readonly firstStep: number | null;
  /** Absent where a version wrote it that trained within a step; so are the next three. */
  readonly attempts?: readonly Attempt[];
  readonly pending?: PendingTraining | null;
  /** A day that waits for a training to end before it is tidied. */
  readonly tidyAt?: number | null;
  /** First step of each series of the training history. */
  readonly begins?: readonly (readonly [id: string, step: number])[];
  /** When groups were related last; absent where a version wrote it that relates them after every start. */
  readonly related?: number | null;
  readonly groups: readonly GroupRecord[];
  /** Members of each pool, in the order in which they came: the order in which they are forecast. */
  readonly members: readonly { readonly pool: string; readonly groups: readonly string[]; readonly weights?: readonly number[] }[];
}

/** Stages whose states are by group or by series. */
interface StatefulStages {
  readonly profile: ProfileStage;
  readonly predict: PredictStage;
  readonly detect: DetectStage;
}

/** All states as of `next`, as writes of one batch: so that a reader never sees states of different steps. */
export function writeSnapshot(
  cycle: Cycle,
  stages: StatefulStages,
  next: number,
  configHash: string,
  training: Training,
  tidyAt: number | undefined,
): StoreWrite[] {
  const record: SnapshotRecord = {
    v: FORMAT,
    configHash,
    next,
    trained: training.schedule.attempts.reduce<number | null>((last, { at }) => Math.max(last ?? at, at), null),
    firstStep: training.firstStep ?? null,
    attempts: training.schedule.attempts,
    pending: training.pending ?? null,
    tidyAt: tidyAt ?? null,
    // Of what is there: names of groups that were forgotten must not stay, nor those of pools that were narrowed.
    begins: training.history?.begins().filter(([id]) => cycle.series.has(id)) ?? [],
    related: Number.isFinite(cycle.related) ? cycle.related : null,
    groups: [...cycle.groups.all].map(([id, state]) => ({
      id,
      zone: state.info.zone,
      pops: [...state.pops],
      lastActive: state.lastActive,
      level: state.level,
      correlated: state.correlated,
    })),
    members: cycle.pools.map((state) => ({
      pool: state.pool.id,
      groups: [...state.members.keys()],
      // What one of each measure counts: series are in that unit.
      ...(state.measures.length > 1 && { weights: state.measures.map(({ weight }) => weight) }),
    })),
  };
  const writes: StoreWrite[] = [{ type: 'put', key: KEYS.snapshot, value: pack(record) }];
  for (const group of cycle.groups.all.keys()) {
    const value = stages.profile.encode(group);
    const key = KEYS.profile(group);
    // One that cannot be written begins from nothing after a restart: what an older snapshot says of it would not fit this one.
    writes.push(value === undefined ? { type: 'delete', key } : { type: 'put', key, value });
  }
  for (const { pool, surges, leaders } of cycle.pools) {
    writes.push({ type: 'put', key: KEYS.surges(pool.id), value: encodeSurge(surges) });
    writes.push({ type: 'put', key: KEYS.leaders(pool.id), value: encodeLeaders(leaders) });
  }
  for (const [id, series] of cycle.series) writes.push({ type: 'put', key: KEYS.series(id), value: stages.predict.encode(series) });
  for (const id of stages.detect.known) writes.push({ type: 'put', key: KEYS.detect(id), value: stages.detect.encode(id) });
  const events = cycle.events.encode();
  if (events) writes.push({ type: 'put', key: KEYS.events, value: events });
  return writes;
}

/** @throws on bytes of another format */
export function readSnapshot(bytes: Uint8Array): SnapshotRecord {
  const record = unpack<SnapshotRecord>(bytes);
  if (record?.v !== FORMAT) throw new Error(`snapshot of format ${String(record?.v)}; this version reads ${FORMAT}`);
  return record;
}

/** Puts back when was trained and what is under way; that begins again with `resume`, once its history is there. */
export function restoreTraining({ trained, firstStep, attempts, pending, begins }: SnapshotRecord, training: Training): void {
  training.firstStep = firstStep ?? undefined;
  const known = attempts ?? training.trainable.flatMap(({ name }) => (trained === null ? [] : [{ name, at: trained, failed: false }]));
  training.restore(known);
  training.history?.beginAt(begins ?? []);
  if (pending) training.interrupted(pending);
}

/**
 * Puts the states of a snapshot back. What cannot be read begins from nothing and is reported through `onUnreadable`: the
 * engine always starts.
 */
export async function restoreStates(
  record: SnapshotRecord,
  store: Store,
  cycle: Cycle,
  stages: StatefulStages,
  onUnreadable: (what: string, error: unknown) => void,
): Promise<void> {
  cycle.related = record.related ?? Number.NEGATIVE_INFINITY;
  const unread = new Map<string, GroupInfo>();
  for (const saved of record.groups) {
    const info: GroupInfo = { id: saved.id, zone: saved.zone, stepMs: cycle.pools[0]?.total.info.stepMs ?? 60_000 };
    cycle.groups.all.set(saved.id, {
      info,
      pops: new Set(saved.pops),
      lastActive: saved.lastActive,
      level: saved.level,
      correlated: saved.correlated,
    });
    unread.set(KEYS.profile(saved.id), info);
  }
  // One scan, not a question a group: a database would take minutes for as many as it scans in seconds.
  for await (const [key, bytes] of store.scan(PROFILES)) {
    const info = unread.get(key);
    if (info && unread.delete(key)) stages.profile.decode(info, bytes);
  }
  for (const info of unread.values()) stages.profile.begin(info);
  for (const { pool, groups } of record.members) {
    const state = cycle.pools.find((each) => each.pool.id === pool);
    if (!state) continue;
    for (const group of groups) {
      // The config may have narrowed the pool since.
      const pops = cycle.groups.all.get(group)?.pops ?? [];
      if ([...pops].some((pop) => state.pool.serves(group, pop))) state.members.set(group, cycle.member(group, state));
    }
  }
  for (const state of cycle.pools) {
    const surges = await store.get(KEYS.surges(state.pool.id));
    try {
      if (surges) state.surges = decodeSurge(surges);
    } catch (error) {
      onUnreadable(`surges of ${state.pool.id}`, error);
    }
    const leaders = await store.get(KEYS.leaders(state.pool.id));
    try {
      if (leaders) state.leaders = decodeLeaders(leaders);
    } catch (error) {
      onUnreadable(`leaders of ${state.pool.id}`, error);
    }
  }
  // Absent where a version wrote it that knew none, or where no calendar was configured.
  const events = await store.get(KEYS.events);
  try {
    if (events) cycle.events.decode(events);
  } catch (error) {
    onUnreadable('what was learnt of events', error);
  }
  const known = new Map([...cycle.series.values()].map((series) => [KEYS.series(series.info.id), series]));
  for (const { pool, weights = [1] } of record.members) {
    const state = cycle.pools.find((each) => each.pool.id === pool);
    if (!state || weights.join() === state.measures.map(({ weight }) => weight).join()) continue;
    onUnreadable(`demand of ${pool}`, new Error('the measures of the pool have changed'));
    for (const series of [state.total, ...state.members.values()]) known.delete(KEYS.series(series.info.id));
  }
  for await (const [key, bytes] of store.scan(SERIES)) {
    const series = known.get(key);
    if (!series) continue;
    try {
      Object.assign(series, stages.predict.decode(series.info, series.horizon, bytes));
    } catch (error) {
      onUnreadable(`series ${series.info.id}`, error);
    }
  }
  const scored = new Map([...cycle.series.values()].map(({ info }) => [KEYS.detect(info.id), info]));
  for await (const [key, bytes] of store.scan(DETECT)) {
    const info = scored.get(key);
    if (!info) continue;
    try {
      stages.detect.decode(info, bytes, (detector, error) => onUnreadable(`${detector} of series ${info.id}`, error));
    } catch (error) {
      onUnreadable(`detectors of series ${info.id}`, error);
    }
  }
}
