import type { BehaviorProfile } from '@auspex/contracts';
import { countDistinct } from '@auspex/numerics';
import type { BehaviorOptions } from './config.ts';
import { rateAt, WEEK_BUCKETS } from './shape.ts';
import type { BehaviorState } from './state.ts';

const HOUR_MS = 3_600_000;

/** The state as people read it. Pure. */
export function describe(state: BehaviorState, options: BehaviorOptions): BehaviorProfile {
  const weekly = Array.from({ length: WEEK_BUCKETS }, (_, hour) => perMinute(state, hour));
  const mean = weekly.reduce((sum, value) => sum + value, 0) / WEEK_BUCKETS;
  const peaks = weekly
    .map((value, hour) => ({ day: Math.floor(hour / 24), hour: hour % 24, perMinute: value }))
    .filter(({ day, hour }) => (state.shape.weeklySeen[day * 24 + hour] as number) > 0)
    .sort((a, b) => b.perMinute - a.perMinute || a.day * 24 + a.hour - (b.day * 24 + b.hour))
    .slice(0, 5);
  const sessions = describeSessions(state, options.mixHalfLife);
  return {
    group: state.group,
    zone: state.zone,
    measure: 'requests',
    steps: state.shape.seen,
    lastStep: state.lastStep,
    perMinute: mean,
    perHour: mean * 60,
    weekly,
    peaks,
    ...(sessions ? { sessions } : {}),
    resources: state.resources.shares(),
    features: state.features.shares(),
    countries: state.countries.shares(),
    accessLevels: state.accessLevels.shares(),
    users: { today: countDistinct(state.users), usualDay: state.usualUsers },
    pops: state.pops.shares(),
    correlated: [],
    sensitivity: options.sensitivity,
  };
}

/** Expected requests a minute over one hour of the local week: the mean of those of its quarters that steps fall into. */
function perMinute({ shape }: BehaviorState, hour: number): number {
  if (shape.seen === 0) return 0;
  const first = (hour % 24) * 4;
  const quarters = [0, 1, 2, 3];
  const seen = quarters.filter((quarter) => (shape.dailySeen[first + quarter] as number) > 0);
  const asked = seen.length > 0 ? seen : quarters;
  const sum = asked.reduce((total, quarter) => total + rateAt(shape, hour * HOUR_MS + (quarter * HOUR_MS) / 4), 0);
  return (sum / asked.length) * 60;
}

function describeSessions(state: BehaviorState, halfLife: number): BehaviorProfile['sessions'] {
  const bins = new Float64Array(17);
  for (const { key, share } of state.sessions.shares()) bins[Number(key)] = share;
  const total = bins.reduce((sum, share) => sum + share, 0);
  if (total === 0) return undefined;
  const at = (p: number): number => {
    let below = 0;
    for (let bin = 0; bin < bins.length; bin++) {
      const share = bins[bin] as number;
      // Inside a bin lengths are taken as evenly spread over its logarithm.
      if (below + share >= p * total) return bin === 0 ? 2 * ((p * total - below) / share) : 2 ** (bin + (p * total - below) / share);
      below += share;
    }
    return 2 ** bins.length;
  };
  // A steady stream of n an hour over the time t sums to n x half-life / ln 2 x (1 − 2^(−t / half-life)) in decayed counts.
  const hours = ((halfLife / HOUR_MS) * (1 - 0.5 ** ((state.shape.seen * state.stepMs) / halfLife))) / Math.LN2;
  return { median: at(0.5), p90: at(0.9), perHour: hours > 0 ? state.sessions.total(state.lastStep, halfLife) / hours : 0 };
}
