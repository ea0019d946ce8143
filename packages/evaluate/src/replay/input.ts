import type { AutoscalerOptions, Delay } from '@auspex/actuators/simulated';
import type { AuspexConfig, Catalogue, PluginUse } from '@auspex/core';
import type { SweepGrid } from '../sweep/candidates.ts';
import type { ClosedLoopOptions } from '../world/config.ts';

/** A policy to compare with: an ordinary allocator over the same demand and the same kind of fleet. */
export interface Baseline {
  readonly name: string;
  readonly label: string;
  readonly allocate: PluginUse<'allocator'>;
  /** Only a point of the frontier, not a row of the report. Default false. */
  readonly frontierOnly?: boolean;
}

/** How the simulated fleet comes and goes; see `FleetOptions`. */
export interface ReplayFleet {
  /** Default: the pool's lead time, exactly. */
  readonly delay?: Delay;
  readonly failureRate?: number;
  readonly warmUp?: { readonly ms: number; readonly share: number };
  /** A reactive autoscaler beside the subject, above whose units its orders are floors; baselines decide alone. Default: none. */
  readonly autoscaler?: AutoscalerOptions;
}

export interface ReplayInput {
  /** The engine's config; its store and actuators are replaced by simulated ones. */
  readonly config: AuspexConfig;
  readonly catalogue?: Catalogue;
  readonly title: string;
  /** Where the trace comes from, for the reader. */
  readonly source: string;
  /** First step that is decided and measured, epoch ms; all before is history to learn from. */
  readonly from: number;
  /** End of the measured span, epoch ms, exclusive. Default: the end of the trace. */
  readonly to?: number;
  /** Weights are trained once, at this step. Default `from`. */
  readonly trainAt?: number;
  /** Use of a unit up to which it meets its latency goal: units needed = rate / (goal x unitRate). Default 0.85. */
  readonly goal?: number;
  readonly fleet?: ReplayFleet;
  /** From then on, epoch ms, no order of the subject reaches its fleet, as if it had died. Default: never. */
  readonly silentFrom?: number;
  /** Given = the fleet throttles what it cannot serve, and clients come back. Default: open loop. */
  readonly closedLoop?: ClosedLoopOptions;
  /** Default: a reactive policy as the HPA has it, and static peak of the history; and the HPA at other targets as frontier. */
  readonly baselines?: readonly Baseline[];
  /** Given = cost against overload is also measured of `quantile` at several prices and of a grid of HPAs; not in a closed loop. */
  readonly sweep?: SweepGrid;
  /** Given = the cheapest config of the sweep is sought that keeps requests in overloaded steps to this share, %. Needs `sweep`. */
  readonly suggest?: number;
  readonly notes?: readonly string[];
  /** Gets every journal line of the subject's run. */
  readonly onJournal?: (line: string) => void;
  /** Told after each step. */
  readonly onProgress?: (phase: string, step: number) => void;
  /** Groups whose profiles the report shows. Default 8, the busiest. */
  readonly profiles?: number;
}
