import { readdirSync, readFileSync } from 'node:fs';
import { type ForecastRequest, LEVELS, type Observation, type PluginContext, type SeriesInfo } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { afterEach } from 'vitest';

export const START = Date.UTC(2024, 0, 1);
export const STEP = 60_000;
export const HORIZON = [1, 5];

export interface Line {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

export interface TestContext extends PluginContext {
  readonly lines: Line[];
  readonly counts: Map<string, number>;
  /** Moves the engine's clock. */
  advance(ms: number): void;
  stop(): void;
}

const contexts: TestContext[] = [];

/** A context whose time stands still unless it is moved, and that ends with the test. */
export function testContext(): TestContext {
  const lines: Line[] = [];
  const counts = new Map<string, number>();
  const abort = new AbortController();
  const log = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields: fields as Record<string, unknown>, message });
  };
  let now = START;
  const context: TestContext = {
    clock: {
      now: () => now,
      sleep: async (ms) => {
        now += ms;
      },
    },
    random: new SeededRandom('remote'),
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    meter: { count: (name, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by), gauge() {} },
    store: {
      get: async () => undefined,
      batch: async () => {},
      async *scan() {},
      compareAndSet: async () => false,
    },
    signal: abort.signal,
    lines,
    counts,
    advance: (ms) => {
      now += ms;
    },
    stop: () => abort.abort(new Error('the test is over')),
  };
  contexts.push(context);
  return context;
}

afterEach(async () => {
  for (const context of contexts.splice(0)) context.stop();
  await until(() => children().length === 0, 5_000);
});

export function series(id: string): SeriesInfo {
  return { id, scope: 'group', name: id, pop: 'all', measure: 'requests', zone: 'Europe/Berlin', stepMs: STEP };
}

export function observations(count: number, value: number | ((i: number) => number) = 10): Observation[] {
  return Array.from({ length: count }, (_, i) => ({
    step: START + i * STEP,
    value: typeof value === 'number' ? value : value(i),
    truth: 'observed',
  }));
}

export function request(count: number): ForecastRequest {
  return { origin: START + count * STEP, horizon: HORIZON, levels: LEVELS };
}

/** Processes that this one started and that still run. */
export function children(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const text = statusOf(pid);
      // esbuild, which tsx and vitest keep, is none of ours.
      return text?.ppid === process.pid && text.state !== 'Z' && !text.name.startsWith('esbuild');
    });
}

export function isRunning(pid: number): boolean {
  const text = statusOf(pid);
  return text !== undefined && text.state !== 'Z';
}

function statusOf(pid: number): { name: string; state: string; ppid: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1');
    const field = (name: string): string => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(text)?.[1] ?? '';
    return { name: field('Name'), state: field('State'), ppid: Number(field('PPid')) };
  } catch {
    return undefined;
  }
}

/** Waits until it is so. Throws when it is not within `ms`. */
export async function until(condition: () => boolean, ms = 5_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not so after ${ms} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
