export type { Clock, Logger, Meter, PluginContext, PluginStore, Random } from './context.ts';
export type { Alert } from './data/alert.ts';
export type { Anomaly, Hostility } from './data/anomaly.ts';
export type { CalendarEvent, EventShape } from './data/calendar-event.ts';
export type { Decision, Proposal, Reason, Tier } from './data/decision.ts';
export type { EventKind, Outcome, UsageEvent } from './data/event.ts';
export { type Forecast, LEVELS } from './data/forecast.ts';
export type { JournalRecord, StageFailure } from './data/journal.ts';
export type { StepOutcome, SurgeOutcome } from './data/outcome.ts';
export type { SamplePaths } from './data/paths.ts';
export type { Pool } from './data/pool.ts';
export type { BehaviorProfile, Correlation, Share } from './data/profile.ts';
export type { Receipt, Restored, TargetState } from './data/receipt.ts';
export type { Observation, SeriesInfo } from './data/series.ts';
export type { Contribution, PoolSurge, Surge } from './data/surge.ts';
export type { DistinctSketch, Measure, Tally, Truth, Usage } from './data/usage.ts';
export { duration, formatDuration, parseDuration } from './duration.ts';
export { AuspexError, ERRORS, type ErrorCode } from './errors.ts';
export { deepFreeze } from './freeze.ts';
export { loadPeer, peerError } from './peer.ts';
export {
  CONTRACT_RELEASES,
  CONTRACT_VERSION,
  DEFINED_BY,
  defineActuator,
  defineAlertSink,
  defineAllocator,
  defineAssessor,
  defineCalendar,
  defineDetector,
  defineEnricher,
  defineExtension,
  defineLearner,
  definePredictor,
  defineProfiler,
  defineSource,
  defineStore,
  type Isolation,
  isPlugin,
  PLUGIN,
  type Plugin,
  type PluginKind,
  type PluginKinds,
  type PluginSpec,
  type PluginUse,
  use,
} from './plugin.ts';
export type { Actuator, ActuatorCapabilities, Order } from './stages/actuate.ts';
export type { AlertSink } from './stages/alert.ts';
export type { AllocateInput, Allocator, PoolView } from './stages/allocate.ts';
export type { AssessInput, Assessor, ExpectedEvent } from './stages/assess.ts';
export type { Calendar } from './stages/calendar.ts';
export type { Detector, DetectView } from './stages/detect.ts';
export type { Enricher } from './stages/enrich.ts';
export type { Extension } from './stages/extend.ts';
export type { Learner } from './stages/learn.ts';
export {
  type Answers,
  type ForecastRequest,
  NOT_READY,
  type NotReady,
  type Prediction,
  type Predictor,
  type PredictorCapabilities,
  type TrainingSeries,
} from './stages/predict.ts';
export type { GroupInfo, GroupStep, Profiler } from './stages/profile.ts';
export type { Shards } from './stages/share.ts';
export type { Source, SourceBatch, SourceCapabilities } from './stages/source.ts';
export type { Store, StoreCapabilities, StoreWrite } from './store.ts';
