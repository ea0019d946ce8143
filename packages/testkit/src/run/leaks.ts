import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { eventually } from './limit.ts';

/** Something that was started and goes on. */
export interface Left {
  /** Such as `an interval of 60000 ms`. */
  readonly what: string;
  /** It does not keep the process alive. */
  readonly idle: boolean;
}

/** What the process runs for those who started it, by the type of its async resource. Connections are not among it: pools keep them. */
const RUNNING: Readonly<Record<string, string>> = {
  TCPSERVERWRAP: 'a listening server',
  PIPESERVERWRAP: 'a listening server',
  FSEVENTWRAP: 'a watched file',
  STATWATCHER: 'a watched file',
  PROCESSWRAP: 'a child process',
};
const TIMERS: readonly string[] = ['Timeout', 'Immediate'];

/** Longest that what was closed may take to be gone, milliseconds. */
export const GRACE = 200;

interface Timer {
  hasRef(): boolean;
  readonly _idleTimeout?: number;
  readonly _repeat?: unknown;
}

/**
 * What `act` started, or had started, and what still goes on when it is over: timers that keep the process alive, intervals, servers,
 * watched files, child processes. Told apart from those of others by their async context. A timer that goes off once and keeps
 * nothing alive is none: HTTP clients have such for their pools.
 */
export async function leaks(act: () => Promise<void>): Promise<Left[]> {
  const ours = new AsyncLocalStorage<true>();
  const started = new Map<number, { type: string; resource: object }>();
  const hook = createHook({
    init(id, type, _trigger, resource) {
      if ((TIMERS.includes(type) || type in RUNNING) && ours.getStore()) started.set(id, { type, resource });
    },
    destroy(id) {
      started.delete(id);
    },
  });
  hook.enable();
  try {
    await ours.run(true, act);
    const left = (): Left[] => [...started.values()].flatMap(({ type, resource }) => leftOf(type, resource));
    await eventually(() => left().length === 0, GRACE);
    return left();
  } finally {
    hook.disable();
  }
}

function leftOf(type: string, resource: object): Left[] {
  const what = RUNNING[type];
  if (what !== undefined) return [{ what, idle: false }];
  const timer = resource as Timer;
  const repeats = Boolean(timer._repeat);
  if (!(timer.hasRef() || repeats)) return [];
  return [{ what: `${repeats ? 'an interval' : 'a timer'} of ${timer._idleTimeout ?? '?'} ms`, idle: !timer.hasRef() }];
}
