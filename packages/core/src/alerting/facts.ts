import type { Decision, Pool, Receipt, StageFailure, Truth } from '@auspex/contracts';
import type { Silence } from '../cycle/quiet.ts';
import type { Detected } from '../stages/detect.ts';

/** What a step says of one pool. */
export interface PoolFacts {
  readonly pool: Pool;
  /** Of the step's demand. */
  readonly truth: Truth;
  readonly decision: Decision | undefined;
  /** Of the order of the step before; undefined where there was none. */
  readonly receipt: Receipt | undefined;
  /** Does an engine that acts have an actuator for it? */
  readonly live: boolean;
  /** Where nobody comes, although that was not expected. */
  readonly silence: Silence | undefined;
  /** Step of the last order that was tried, epoch ms; of an engine that has just begun, that of its first step. */
  readonly ordered: number;
}

/** A line of the journal that tells of something by code. */
export interface Notice {
  readonly code: string;
  readonly text: string;
}

/** All that rules may look at, of one step. */
export interface Facts {
  /** The decisions' time, epoch ms. */
  readonly step: number;
  readonly stepMs: number;
  /** It is long past, as while catching up: what it says is journaled, and nobody is told. */
  readonly isPast: boolean;
  readonly detected: readonly Detected[];
  readonly pools: readonly PoolFacts[];
  /** Stages that fail now. */
  readonly failing: readonly StageFailure[];
  readonly notices: readonly Notice[];
}
