/** A service that the manager has loaded. */
export interface Service {
  readonly name: string;
  /** ActiveState: active, reloading, inactive, failed, activating, deactivating, maintenance. */
  readonly active: string;
  /** SubState: running, exited, auto-restart, … */
  readonly sub: string;
}

/** What the target needs of a systemd manager. */
export interface SystemdClient {
  /** Loaded units whose names match, and when the manager was started: after that nothing runs of what ran before. */
  list(pattern: string, signal: AbortSignal): Promise<{ readonly started: string; readonly services: readonly Service[] }>;
  /** Orders a start. @throws Refused where there is no such unit, or this user may not; Unavailable */
  start(name: string, signal: AbortSignal): Promise<void>;
  /** Orders a stop. @throws Refused, Unavailable */
  stop(name: string, signal: AbortSignal): Promise<void>;
}
