import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { AuspexError, type Logger, type Source, type SourceBatch } from '@auspex/contracts';
import { type ResolvedConfig, type ResolvedPlugin, silentLogger, standaloneContext } from '@auspex/core';
import { probeKafka } from '@auspex/preset';
import { instant, plural } from '../text.ts';
import { atMost, type Checkup, type Found } from './checkup.ts';

/** How long a source may take to say something. */
const FIRST_MS = 10_000;

type Used = ResolvedPlugin<'source'>;

/**
 * Looks at every source; nothing is committed, and what can be read only once is not opened.
 *
 * @param held an engine runs on the store: what it occupies is occupied
 */
export async function checkSources(
  checkup: Checkup,
  { sources }: ResolvedConfig,
  missing: (used: Used) => string | undefined,
  held: boolean,
): Promise<void> {
  for (const used of sources) {
    const lacks = missing(used);
    const { plugin, options } = used;
    if (lacks !== undefined) checkup.skip(used.path, `the package ${lacks} is missing`);
    else if (plugin.id === 'kafka') await checkup.run(used.path, 'SOURCE_UNREACHABLE', () => topic(options));
    else if (plugin.id === 'http')
      await checkup.run(used.path, 'SOURCE_FAILED', () => {
        // Making one says what is wrong with its token, and starts nothing.
        plugin.create(options as never, standaloneContext({ clock: checkup.clock, signal: new AbortController().signal }));
        return port(options as Address, held);
      });
    else if (!plugin.capabilities.replayable) checkup.skip(used.path, 'it can be read only once: looking would lose what it says');
    else await checkup.run(used.path, 'SOURCE_UNREACHABLE', (signal) => firstWords(used, checkup, signal));
  }
}

async function topic(options: unknown): Promise<Found> {
  const { partitions, records, lag } = await probeKafka(options as Parameters<typeof probeKafka>[0], silentLogger);
  const { topic: name, group } = options as { readonly topic: string; readonly group: string };
  const behind = lag === undefined ? `group ${group} has committed nothing yet` : `group ${group} is ${plural(lag, 'record')} behind`;
  return { seen: `topic ${name}: ${plural(partitions, 'partition')}, about ${plural(records, 'record')}; ${behind}` };
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Can the address be had? By a listener that takes nothing: the source itself would accept events that nobody keeps. */
async function port(address: Address, held: boolean): Promise<Found> {
  const { host, port } = address;
  const server = createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
    return { seen: `${host}:${port} can be listened on` };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const path = `${host}:${port}`;
    if (code === 'EADDRINUSE' && held)
      return { seen: `${path} is taken`, remedy: 'Nothing, if it is the run that holds the store; else choose another port.' };
    if (code === 'EADDRINUSE')
      throw new AuspexError('SOURCE_FAILED', 'the port is taken by another process', {
        path,
        remedy: 'Choose another port, or 0 for a free one.',
        cause,
      });
    if (code === 'EACCES')
      throw new AuspexError('SOURCE_REFUSED', 'the system does not let this user listen there', {
        path,
        remedy: 'Choose a port from 1024 on.',
        cause,
      });
    throw new AuspexError('SOURCE_FAILED', `the address cannot be listened on (${message})`, {
      path,
      remedy: 'Give an address of this machine as host.',
      cause,
    });
  } finally {
    server.close();
  }
}

/** Opens a source at its beginning and takes what comes first. */
async function firstWords({ plugin, options }: Used, checkup: Checkup, signal: AbortSignal): Promise<Found> {
  mayRead((options as { readonly files?: unknown }).files);
  const done = new AbortController();
  const stop = AbortSignal.any([done.signal, signal]);
  const bad = new FirstBad();
  const source = plugin.create(options as never, standaloneContext({ clock: checkup.clock, signal: stop, logger: bad.logger })) as Source;
  const batches = source.open({}, stop)[Symbol.asyncIterator]();
  const limit = checkup.clock.sleep(FIRST_MS, stop).then(
    () => 'late' as const,
    () => 'late' as const,
  );
  let malformed = 0;
  try {
    for (;;) {
      const next = await Promise.race([batches.next(), limit]);
      if (next === 'late')
        return {
          seen: `opens; nothing came within ${FIRST_MS / 1_000} s`,
          remedy: 'Nothing, if it is quiet; else look whether something writes there.',
        };
      if (next.done) return empty();
      malformed += next.value.malformed ?? 0;
      if (next.value.events.length > 0) return heard(next.value, malformed, bad);
      if (next.value.end === true) return empty();
    }
  } finally {
    done.abort();
    await atMost(checkup.clock, 2_000, batches.return?.());
    await atMost(checkup.clock, 2_000, source.close?.());
  }
}

function empty(): Found {
  return { seen: 'opens, and holds nothing', remedy: 'Give an input with events, if there should be any.' };
}

function heard({ events }: SourceBatch, malformed: number, bad: FirstBad): Found {
  const at = Math.min(...events.map((event) => event.at));
  const seen = `${plural(events.length, 'event')} at once, from ${instant(at - (at % 1_000))} on`;
  if (malformed === 0) return { seen };
  return {
    seen: `${seen}; ${plural(malformed, 'record')} could not be read${bad.text}`,
    remedy: 'Look at the first of them: format, columns and fields must fit.',
  };
}

/** Each named file, not the first alone. @throws SOURCE_NOT_FOUND */
function mayRead(files: unknown): void {
  if (!Array.isArray(files)) return;
  for (const file of files) {
    // A pattern is looked up by the source.
    if (typeof file !== 'string' || file.includes('*')) continue;
    try {
      accessSync(file, constants.R_OK);
    } catch (cause) {
      const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
      throw new AuspexError('SOURCE_NOT_FOUND', absent ? 'there is no such file' : 'this user may not read the file', {
        path: file,
        cause,
      });
    }
  }
}

/** Keeps what a source says of the first record that it cannot read. */
class FirstBad {
  text = '';
  readonly logger: Logger = {
    ...silentLogger,
    warn: (fields) => {
      const { at, reason } = fields as { readonly at?: string; readonly reason?: string };
      if (reason !== undefined) this.text ||= `, the first at ${at}: ${reason}`;
    },
  };
}
