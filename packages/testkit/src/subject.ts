import type { Plugin, PluginKind, TargetState } from '@auspex/contracts';

/** What laws are tried on: a plugin, its options, and what a law has to see of the world behind it. Made anew for each law. */
export interface SubjectBase<K extends PluginKind> {
  readonly plugin: Plugin<K>;
  /** Options as a config gives them. Default none. */
  readonly with?: unknown;
  /** Ends what the subject itself started, such as the server of its fake target. */
  close?(): Promise<void> | void;
}

/** What the laws see of an actuator's fake target: the truth, past the actuator. */
export interface FakeTarget {
  /** What the target holds for the pool, in whole units: ordered, and serving now. */
  state(pool: string): TargetState | Promise<TargetState>;
  /** Lets the target's time pass until all ordered units of the pool serve. New units MUST NOT serve before. */
  settle(pool: string): void | Promise<void>;
  /** How many requests that change something the target has received, refused ones included. */
  changes(): number | Promise<number>;
  /** While true the target refuses or fails every request. Absent = it cannot be made to, and the law is skipped. */
  fail?(on: boolean): void | Promise<void>;
  /**
   * Lets the target's own time reach `at`, epoch ms, which rises from 2026-01-05T00:00:00Z on, whether an actuator is at work or not.
   * Only for `lease: 'target'`. Absent = its time cannot be moved, and the law is skipped.
   */
  reach?(at: number): void | Promise<void>;
}

export interface ActuatorSubject extends SubjectBase<'actuator'> {
  readonly target: FakeTarget;
  /** Two pools that the target knows. Default `web` and `api`. Each may hold 1 to 20 units. */
  readonly pools?: readonly [string, string];
}

export interface SourceSubject extends SubjectBase<'source'> {
  /** Events in the input that `with` points to: finite, at least ten, enough for two batches. */
  readonly events: number;
  /** Options whose input cannot be read: a missing file, a server that is gone. Absent = the law is skipped. */
  readonly down?: unknown;
  /** Options whose input holds the same events and one unreadable record. Absent = the law is skipped. */
  readonly malformed?: unknown;
}

export interface StoreSubject extends SubjectBase<'store'> {
  /** Makes what is stored look as if a newer version had written it. Absent = the law is skipped. */
  newer?(): Promise<void> | void;
}

export interface PredictorSubject extends SubjectBase<'predictor'> {
  /** Step of the laws' series, milliseconds. Default 15 minutes. */
  readonly stepMs?: number;
  /** Steps after which it must have an answer. Default 900. */
  readonly warmUp?: number;
}

export interface CalendarSubject extends SubjectBase<'calendar'> {
  /** A span [from, to) in epoch ms that holds at least two events of the calendar that `with` points to. */
  readonly span: readonly [from: number, to: number];
}

export interface AlertSinkSubject extends SubjectBase<'alertSink'> {
  /** Fingerprints that have arrived at the other end, in order; of repeats every one. */
  received(): readonly string[] | Promise<readonly string[]>;
  /** While true the other end is gone. Absent = the law is skipped. */
  fail?(on: boolean): void | Promise<void>;
}

/** The subject of each kind of plugin. */
export interface Subjects {
  source: SourceSubject;
  enricher: SubjectBase<'enricher'>;
  profiler: SubjectBase<'profiler'>;
  predictor: PredictorSubject;
  assessor: SubjectBase<'assessor'>;
  allocator: SubjectBase<'allocator'>;
  actuator: ActuatorSubject;
  learner: SubjectBase<'learner'>;
  detector: SubjectBase<'detector'>;
  alertSink: AlertSinkSubject;
  calendar: CalendarSubject;
  store: StoreSubject;
  extension: SubjectBase<'extension'>;
}

/** Any subject. */
export type Subject = Subjects[PluginKind];

/** Makes a subject; what a plugin package exports as `subject`. Called once a law. */
export type MakeSubject<S extends Subject = Subject> = () => S | Promise<S>;
