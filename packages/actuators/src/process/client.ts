import type { ProcessPool } from './config.ts';

/** A process, told apart from a later one of the same pid. */
export interface Identity {
  readonly pid: number;
  /** When it was started, in the words of the system. */
  readonly start: string;
}

/** What is started. */
export interface Launch {
  readonly pool: string;
  readonly slot: number;
  /** Stands in its environment as AUSPEX_WORKER_KEY: no other worker has it. */
  readonly key: string;
  readonly options: ProcessPool;
}

export interface Started extends Identity {
  /** Bytes that stood in its log before. */
  readonly offset: number;
}

/** What the target needs of the operating system. */
export interface ProcessClient {
  /** @throws Refused where the program cannot be started at all */
  start(launch: Launch): Promise<Started>;
  /** It is that process, and it runs. */
  runs(process: Identity): Promise<boolean>;
  /** A process that was started with this key. Undefined where none is, or the system does not tell. */
  find(key: string): Promise<Identity | undefined>;
  /** Ends the process and its group, if it still is that process. */
  end(process: Identity, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** It passes the check of its pool. */
  ready(launch: Launch, offset: number, signal: AbortSignal): Promise<boolean>;
}
