import { AuspexError, type Logger, type Meter, type PluginContext, type PluginStore } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import type { Message } from '../process/forward.ts';
import { wallClock } from '../process/timers.ts';

/** What a plugin is given in a process of its own: the wall's time, seeded chance, and a log and meter that the engine receives. */
export function childContext(seed: number, signal: AbortSignal): PluginContext {
  return { clock: wallClock, random: new SeededRandom(seed), logger: childLogger, meter, store, signal };
}

/** One JSON line on stderr: the engine takes it from there. */
function say(message: Message): void {
  process.stderr.write(`${JSON.stringify(message)}\n`);
}

function log(level: Extract<Message, { auspex: 'log' }>['level']): Logger['info'] {
  return (fields, message) => say({ auspex: 'log', level, fields: { ...fields, ...cause(fields) }, message });
}

/** An Error is nothing in JSON: its text is. */
function cause(fields: object): object {
  const errors = Object.entries(fields).filter((entry): entry is [string, Error] => entry[1] instanceof Error);
  return Object.fromEntries(errors.map(([name, error]) => [name, error.stack ?? error.message]));
}

export const childLogger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };

const meter: Meter = {
  count: (name, by = 1, labels) => say({ auspex: 'count', name, value: by, ...(labels === undefined ? {} : { labels }) }),
  gauge: (name, value, labels) => say({ auspex: 'gauge', name, value, ...(labels === undefined ? {} : { labels }) }),
};

function none(): never {
  throw new AuspexError('SUPPORT', 'the engine’s store is not reached from a process of its own', {
    remedy: 'Run the plugin inline, or keep what it needs in a file or a server of its own.',
  });
}

const store: PluginStore = {
  get: async () => none(),
  batch: async () => none(),
  compareAndSet: async () => none(),
  // biome-ignore lint/correctness/useYield: it rejects at the first step, as the other calls do
  scan: async function* () {
    none();
  },
};
