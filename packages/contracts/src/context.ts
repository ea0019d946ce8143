import type { Store } from './store.ts';

/** Where a plugin's time comes from. Never `Date.now`. */
export interface Clock {
  /** Epoch milliseconds: the wall, or the trace's own time in a replay. */
  now(): number;
  /** Resolves after `ms` of this clock's time; rejects when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Seeded randomness; the same seed gives the same numbers. Never `Math.random`. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** An independent stream named by `label`: what one consumer draws does not change what another gets. */
  fork(label: string): Random;
}

/** Structured log; the shape that pino has. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Counts and gauges, by name and labels. */
export interface Meter {
  count(name: string, by?: number, labels?: Readonly<Record<string, string>>): void;
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
}

/**
 * A corner of the engine's store that one plugin id has to itself: its keys are its own, shared by its uses. For what outlives the process and is
 * no state of the contract, such as a token or a cache. Not for store plugins, whose own store it would be: there each call rejects.
 */
export type PluginStore = Pick<Store, 'get' | 'batch' | 'scan' | 'compareAndSet'>;

/** All that a plugin is given when it is created. A test writes it as a literal. */
export interface PluginContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly store: PluginStore;
  /** Aborts when the engine stops. */
  readonly signal: AbortSignal;
}
