import { type LeadTimes, NO_LEAD_TIMES } from './lead-time.ts';
import { NO_UNIT_RATES, type UnitRates } from './unit-rate.ts';

/** How large a pool's units are, and how late. */
export interface Size {
  readonly leadTimeMs: number;
  /** In the pool's measure, a second. */
  readonly unitRate: number;
}

/** What a step said of the capacity of units; it counts once the target is read at its end. */
export interface Worked {
  readonly step: number;
  /** Ready when it began. */
  readonly ready: number;
  /** What was let through, in the pool's measure a second. */
  readonly served: number;
  readonly throttled: boolean;
}

/** What is learnt of the capacity of one pool. Data. */
export interface CapacityState {
  lead: LeadTimes;
  rates: UnitRates;
  worked: Worked | undefined;
  /** Drift that was reported and is not used: said again when it has moved on. */
  readonly told: { leadTimeMs: number | null; unitRate: number | null };
}

export function beginCapacity(): CapacityState {
  return { lead: NO_LEAD_TIMES, rates: NO_UNIT_RATES, worked: undefined, told: { leadTimeMs: null, unitRate: null } };
}

/** What the store keeps of a pool. */
export interface CapacityRecord {
  readonly pool: string;
  readonly lead: LeadTimes;
  readonly rates: UnitRates;
  readonly worked: Worked | null;
  readonly told: CapacityState['told'];
  /** What the pool goes by, and what the config said then: of another config it means nothing. */
  readonly size: Size;
  readonly configured: Size;
}
