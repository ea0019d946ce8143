import type { BehaviorProfile } from '@auspex/contracts';
import type { Metrics } from '../metrics/all.ts';
import type { ForecastMetrics } from '../metrics/forecast.ts';
import type { SurgeAssessment } from '../surge/assess.ts';
import type { Suggestion } from '../sweep/suggest.ts';
import type { Sweep } from '../sweep/sweep.ts';

/** What happened in one pool under one policy. All arrays have one entry a step; NaN = not known. */
export interface PoolTrace {
  readonly pool: string;
  readonly pop: string;
  readonly stepMs: number;
  /** Starts of the steps, epoch ms, `stepMs` apart. */
  readonly steps: Float64Array;
  /** Offered rate a second. */
  readonly rate: Float64Array;
  /** Units that the rate needs, units ready, units ordered. */
  readonly demand: Float64Array;
  readonly supply: Float64Array;
  readonly ordered: Float64Array;
  /** Forecast of the rate made one lead time before each step: q0.1, q0.5, q0.9. NaN where there is none. */
  readonly fan?: { readonly low: Float64Array; readonly median: Float64Array; readonly high: Float64Array };
  /** Highest surge probability of the pool's groups, 0..1. */
  readonly probability?: Float64Array;
  /** 1 = the step was censored: its rate is a lower bound. */
  readonly censored?: Uint8Array;
}

/** One policy over all pools. */
export interface PolicyRun {
  /** Stable name: `auspex`, `reactive`, `static-peak`, `oracle`. */
  readonly name: string;
  /** What people read. */
  readonly label: string;
  readonly pools: readonly PoolTrace[];
  readonly metrics: Metrics;
  readonly byPool: Readonly<Record<string, Metrics>>;
}

/** One point of the trade between cost and overload. Points of one policy are joined by a line. */
export interface FrontierPoint {
  readonly policy: string;
  readonly label: string;
  readonly overload: number;
  readonly cost: number;
}

/** A replay of several policies over the same demand. */
export interface ReplayReport {
  readonly title: string;
  readonly source: string;
  readonly generatedFrom: {
    readonly configHash: string;
    readonly seed: number;
    readonly steps: number;
    readonly stepMs: number;
    /** Epoch ms. Up to `trainUntil` weights were trained; `from` to `to` is what was measured. */
    readonly trainUntil: number;
    readonly from: number;
    readonly to: number;
    readonly zone: string;
    readonly groups: number;
    readonly pools: number;
  };
  /** The first is the subject; the one named by `baseline` is what it is compared with. */
  readonly runs: readonly PolicyRun[];
  /** Name of the run that others are compared with. Default `reactive`; without such a run nothing is compared. */
  readonly baseline?: string;
  /** Quality of the forecasts at the lead time. */
  readonly forecast?: ForecastMetrics;
  readonly frontier: readonly FrontierPoint[];
  /** How good the pools' surge probabilities were; absent where decisions carry none. */
  readonly surge?: SurgeAssessment;
  /** Alerts that the subject's rules would have raised, by rule. */
  readonly alerts?: Readonly<Record<string, number>>;
  /** Prices and HPAs tried on the same demand, and what keeps to a goal at least cost; where they were asked for. */
  readonly sweep?: Sweep;
  readonly suggestion?: Suggestion;
  /** Assumptions and disclosures, one sentence each. */
  readonly notes: readonly string[];
  readonly profiles?: readonly BehaviorProfile[];
}
