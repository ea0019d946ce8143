import { type Distinct, emptyDistinct, pack, Ring, unpack } from '@auspex/numerics';
import { DecayedCounts } from './decayed.ts';
import { beginShape, type Shape } from './shape.ts';

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

/** Keys kept and the length of each, chosen so that a full profile fits into 4 KB. */
const LIMITS = {
  resources: [12, 40],
  features: [8, 24],
  countries: [8, 8],
  accessLevels: [6, 16],
  pops: [8, 24],
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

interface Encoded {
  readonly v: number;
  readonly g: string;
  readonly z: string;
  readonly s: number;
  readonly l: number;
  readonly level: number;
  readonly seen: number;
  readonly daily: Float32Array;
  readonly weekly: Float32Array;
  readonly ds: Uint8Array;
  readonly ws: Uint8Array;
  readonly mix: readonly (readonly [origin: number, keys: readonly string[], weights: Float32Array])[];
  readonly day: number;
  readonly users: Uint8Array | Uint32Array;
  readonly usual: number;
}

export function encodeState(state: BehaviorState): Uint8Array {
  const encoded: Encoded = {
    v: FORMAT,
    g: state.group,
    z: state.zone,
    s: state.stepMs,
    l: state.lastStep,
    level: state.shape.level,
    seen: state.shape.seen,
    daily: state.shape.daily,
    weekly: state.shape.weekly,
    ds: state.shape.dailySeen,
    ws: state.shape.weeklySeen,
    mix: MIXES.map((name) => {
      const entries = state[name].entries();
      return [state[name].origin, entries.map(([key]) => key), Float32Array.from(entries, ([, weight]) => weight)];
    }),
    day: state.day,
    users: 'registers' in state.users ? state.users.registers : Uint32Array.from(state.users.hashes),
    usual: state.usualUsers,
  };
  return pack(encoded);
}

/** @throws on bytes that hold no profile of this format */
export function decodeState(bytes: Uint8Array): BehaviorState {
  const read = unpack<Encoded>(bytes);
  if (read?.v !== FORMAT || read.daily?.length !== 96 || read.weekly?.length !== 168) throw new Error('no behaviour profile of format 1');
  const state = beginState(read.g, read.z, read.s);
  state.lastStep = read.l;
  state.shape = {
    level: read.level,
    seen: read.seen,
    daily: read.daily,
    weekly: read.weekly,
    dailySeen: Uint8Array.from(read.ds),
    weeklySeen: Uint8Array.from(read.ws),
  };
  MIXES.forEach((name, i) => {
    const [origin, keys, weights] = read.mix[i] as Encoded['mix'][number];
    state[name] = new DecayedCounts(
      LIMITS[name][0],
      LIMITS[name][1],
      origin,
      keys.map((key, k) => [key, weights[k] as number] as const),
    );
  });
  state.day = read.day;
  state.users = read.users instanceof Uint32Array ? { hashes: new Set(read.users) } : { registers: Uint8Array.from(read.users) };
  state.usualUsers = read.usual;
  return state;
}
