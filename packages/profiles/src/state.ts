import { type Distinct, emptyDistinct, pack, Ring, unpack, zone as zoneOf } from '@auspex/numerics';
import { DecayedCounts } from './decayed.ts';
import { beginShape, DAY_BUCKETS, type Shape, WEEK_BUCKETS } from './shape.ts';

/** Buckets of recent deviation that groups are related by: three days of 15 minutes. */
export const RECENT_BUCKETS = 288;
const FORMAT = 1;

/** Everything that is believed of one group. `recent` alone is not encoded: it is rebuilt within a day. */
export interface BehaviorState {
  readonly group: string;
  readonly zone: string;
  readonly stepMs: number;
  lastStep: number;
  shape: Shape;
  resources: DecayedCounts;
  features: DecayedCounts;
  countries: DecayedCounts;
  accessLevels: DecayedCounts;
  pops: DecayedCounts;
  sessions: DecayedCounts;
  /** Local day of `users`, days since the epoch. */
  day: number;
  users: Distinct;
  usualUsers: number;
  /** Mean log deviation from expected by 15-minute bucket, NaN where unknown. */
  readonly recent: Ring;
  bucket: number;
  bucketSum: number;
  bucketCount: number;
}

/** Keys kept and the bytes of each, chosen so that a full profile of the longest group name fits into 4 KB. */
const LIMITS = {
  resources: [12, 36],
  features: [8, 24],
  countries: [8, 4],
  accessLevels: [6, 16],
  pops: [8, 20],
  sessions: [17, 2],
} as const;
type Mix = keyof typeof LIMITS;
const MIXES = Object.keys(LIMITS) as Mix[];

export function beginState(group: string, zone: string, stepMs: number): BehaviorState {
  const mix = (name: Mix): DecayedCounts => new DecayedCounts(LIMITS[name][0], LIMITS[name][1]);
  return {
    group,
    zone,
    stepMs,
    lastStep: -1,
    shape: beginShape(),
    resources: mix('resources'),
    features: mix('features'),
    countries: mix('countries'),
    accessLevels: mix('accessLevels'),
    pops: mix('pops'),
    sessions: mix('sessions'),
    day: -1,
    users: emptyDistinct(),
    usualUsers: 0,
    recent: new Ring(RECENT_BUCKETS),
    bucket: -1,
    bucketSum: 0,
    bucketCount: 0,
  };
}

/** Names are short, for they are on every record. */
interface Encoded {
  readonly v: number;
  readonly g: string;
  readonly z: string;
  /** Length of a step, and the last one. */
  readonly s: number;
  readonly t: number;
  /** Level, steps seen, spread, and the visit that is not yet learnt: quarter, sum, count. */
  readonly n: readonly number[];
  readonly d: Float32Array;
  readonly w: Float32Array;
  readonly ds: Uint8Array;
  readonly ws: Uint8Array;
  readonly m: readonly (readonly [origin: number, keys: readonly string[], weights: Float32Array])[];
  /** Users: day, usual number, sketch. */
  readonly ud: number;
  readonly uu: number;
  readonly u: Uint8Array | Uint32Array;
}

export function encodeState(state: BehaviorState): Uint8Array {
  const { shape, users } = state;
  const encoded: Encoded = {
    v: FORMAT,
    g: state.group,
    z: state.zone,
    s: state.stepMs,
    t: state.lastStep,
    n: [shape.level, shape.seen, shape.spread, shape.quarter, shape.sum, shape.count],
    d: shape.daily,
    w: shape.weekly,
    ds: packSeen(shape.dailySeen, shape.dailyOdd),
    ws: packSeen(shape.weeklySeen, shape.weeklyOdd),
    m: MIXES.map((name) => {
      const entries = state[name].entries();
      return [state[name].origin, entries.map(([key]) => key), Float32Array.from(entries, ([, weight]) => weight)];
    }),
    ud: state.day,
    uu: state.usualUsers,
    u: 'registers' in users ? packRegisters(users.registers) : Uint32Array.from(users.hashes).sort(),
  };
  return pack(encoded);
}

/** @throws on bytes that hold no profile of this format */
export function decodeState(bytes: Uint8Array): BehaviorState {
  const read = unpack<Encoded>(bytes);
  if (!isEncoded(read)) throw new Error('no behaviour profile of format 1');
  zoneOf(read.z);
  const state = beginState(read.g, read.z, read.s);
  const [level, seen, spread, quarter, sum, count] = read.n as [number, number, number, number, number, number];
  state.lastStep = read.t;
  state.shape = {
    level,
    seen,
    spread,
    quarter,
    sum,
    count,
    daily: read.d,
    weekly: read.w,
    dailySeen: Uint8Array.from(read.ds, (byte) => byte & 63),
    weeklySeen: Uint8Array.from(read.ws, (byte) => byte & 63),
    dailyOdd: Int8Array.from(read.ds, (byte) => (byte >> 6) - 1),
    weeklyOdd: Int8Array.from(read.ws, (byte) => (byte >> 6) - 1),
  };
  MIXES.forEach((name, i) => {
    const [origin, keys, weights] = read.m[i] as Encoded['m'][number];
    const entries = keys.map((key, k) => [key, weights[k] as number] as const);
    state[name] = new DecayedCounts(LIMITS[name][0], LIMITS[name][1], origin, entries);
  });
  state.day = read.ud;
  state.usualUsers = read.uu;
  state.users = read.u instanceof Uint32Array ? { hashes: new Set(read.u) } : { registers: unpackRegisters(read.u) };
  return state;
}

function isEncoded(read: Encoded | undefined): read is Encoded {
  return (
    read?.v === FORMAT &&
    typeof read.g === 'string' &&
    read.n?.length === 6 &&
    [read.s, read.t, read.ud, read.uu, ...read.n].every(Number.isFinite) &&
    read.d?.length === DAY_BUCKETS &&
    read.w?.length === WEEK_BUCKETS &&
    read.ds?.length === DAY_BUCKETS &&
    read.ws?.length === WEEK_BUCKETS &&
    read.m?.length === MIXES.length &&
    (read.u instanceof Uint32Array || read.u?.length === REGISTER_BYTES)
  );
}

/** Visits in six bits, and whether the last was odd in two. */
function packSeen(seen: Uint8Array, odd: Int8Array): Uint8Array {
  return seen.map((visits, i) => visits | (((odd[i] as number) + 1) << 6));
}

/** Registers of `DistinctSketch`, and their bytes when packed: a rank of a 32-bit hash, at most 23, takes five bits. */
const REGISTERS = 1024;
const BITS = 5;
const REGISTER_BYTES = (REGISTERS * BITS) / 8;

function packRegisters(registers: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(REGISTER_BYTES);
  registers.forEach((rank, i) => {
    const at = i * BITS;
    const shifted = rank << (at & 7);
    bytes[at >> 3] = (bytes[at >> 3] as number) | shifted;
    if (shifted > 255) bytes[(at >> 3) + 1] = (bytes[(at >> 3) + 1] as number) | (shifted >> 8);
  });
  return bytes;
}

function unpackRegisters(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: REGISTERS }, (_, i) => {
    const at = i * BITS;
    return ((((bytes[(at >> 3) + 1] ?? 0) << 8) | (bytes[at >> 3] as number)) >> (at & 7)) & 31;
  });
}
