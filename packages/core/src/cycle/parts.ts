import type { Logger } from '@auspex/contracts';
import type { AlertBoard } from '../alerting/board.ts';
import type { EngineSettings } from '../config/schema.ts';
import type { HoldBoard } from '../holds/board.ts';
import type { EngineHooks } from '../hooks/hooks.ts';
import type { Journal } from '../journal.ts';
import type { ActuateStage } from '../stages/actuate.ts';
import type { AllocateStage } from '../stages/allocate.ts';
import type { AssessStage } from '../stages/assess.ts';
import type { CalendarStage } from '../stages/calendar.ts';
import type { DetectStage } from '../stages/detect.ts';
import type { Failures } from '../stages/failures.ts';
import type { LearnStage } from '../stages/learn.ts';
import type { PredictStage } from '../stages/predict.ts';
import type { ProfileStage } from '../stages/profile.ts';
import type { PoolGauges } from './gauges.ts';
import type { TrainingHistory } from './history.ts';

/** What a cycle is made of. */
export interface CycleParts {
  readonly settings: EngineSettings;
  readonly configHash: string;
  readonly shadow: boolean;
  /** Demand of a trace replayed in an open loop is not hidden by the simulated fleet: no step is saturated. */
  readonly trustDemand: boolean;
  readonly profile: ProfileStage;
  readonly predict: PredictStage;
  readonly assess: AssessStage;
  readonly allocate: AllocateStage;
  readonly learn: LearnStage;
  /** Pools that have an actuator; the others' decisions are journaled only. */
  readonly actuate: ActuateStage;
  readonly actuated: ReadonlySet<string>;
  readonly calendar: CalendarStage;
  readonly detect: DetectStage;
  readonly alerts: AlertBoard;
  readonly hooks: EngineHooks;
  readonly failures: Failures;
  readonly journal: Journal;
  readonly holds: HoldBoard;
  readonly gauges: PoolGauges;
  readonly history: TrainingHistory | undefined;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}
