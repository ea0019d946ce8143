export { ManualClock } from './fakes/clock.ts';
export { fakeContext } from './fakes/context.ts';
export { type LogLine, RecordingLogger } from './fakes/logger.ts';
export { RecordingMeter } from './fakes/meter.ts';
export { MapStore } from './fakes/store.ts';
export { broken, type Law, LawBroken, must, type NotOffered, notOffered } from './law.ts';
export { LAWS } from './laws/all.ts';
export { type LawResult, type Outcome, type RunOptions, runLaws, type Verdict } from './run/run.ts';
export { type TestRunner, testLaws } from './run/tests.ts';
export { verdictText } from './run/text.ts';
export type {
  ActuatorSubject,
  AlertSinkSubject,
  CalendarSubject,
  FakeTarget,
  MakeSubject,
  PredictorSubject,
  SourceSubject,
  StoreSubject,
  Subject,
  SubjectBase,
  Subjects,
} from './subject.ts';
export { Tools } from './tools.ts';
export { type EventOptions, events } from './worlds/events.ts';
/** Seeded worlds: `worlds.daily({ … })` for predictors, `worlds.events(…)` for an engine. */
export * as worlds from './worlds/index.ts';
export {
  burst,
  clockChange,
  coldStart,
  daily,
  gap,
  outage,
  retries,
  steady,
  WORLDS,
  type WorldOptions,
  type WorldStep,
} from './worlds/world.ts';
