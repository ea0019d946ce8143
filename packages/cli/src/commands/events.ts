import { existsSync } from 'node:fs';
import { AuspexError, type Calendar, type Clock, type Store } from '@auspex/contracts';
import { type LearntEvents, outlookOf, parseConfig, type ResolvedPlugin, readEvents, standaloneContext, WallClock } from '@auspex/core';
import { zone as zoneOf } from '@auspex/numerics';
import { catalogue } from '@auspex/preset';
import type { Command } from 'commander';
import { atMost } from '../doctor/checkup.ts';
import { type Coming, eventsText, spanText } from '../events-text.ts';
import { Ended, errorText, isAuspexError } from '../exit.ts';
import type { Io } from '../io.ts';
import { findConfig, loadConfig } from '../load-config.ts';
import { makeLogger } from '../log.ts';
import { instant } from '../text.ts';
import { durationOf, timeOf, wrongUse } from '../values.ts';

interface Flags {
  readonly config?: string;
  readonly for?: string;
  readonly from?: string;
  readonly to?: string;
  readonly group?: string;
  readonly zone?: string;
  readonly json?: boolean;
}

const AHEAD = '14d';
/** Longest that a calendar may take to be closed. Milliseconds. */
const CLOSING = 2_000;

const EXAMPLES = `
Examples:
  $ auspex events
  $ auspex events --for 90d --group checkout
`;

export function eventsCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('events')
      .summary('what is planned, by the calendars')
      .description(
        'Asks the calendars of the config what is coming, whom it concerns and what it is expected to do to demand: as it is given, or learnt from earlier events of the category.',
      )
      .option('--config <file>', 'config file (default: auspex.config.* in this folder)')
      .option('--for <duration>', `how far ahead (default: ${AHEAD})`)
      .option('--from <time>', 'begin here instead of now; UTC unless it has an offset')
      .option('--to <time>', 'end here, in place of --for')
      .option('--group <name>', 'only what concerns this group')
      .option('--zone <zone>', 'zone of the times printed: Europe/Berlin, -04:00 (default: that of the config)')
      .option('--json', 'as JSON')
      .addHelpText('after', EXAMPLES)
      .action((flags: Flags) => events(flags, io));
}

async function events(flags: Flags, io: Io): Promise<void> {
  const clock = new WallClock();
  const now = clock.now();
  const { from, to } = asked(flags, now);
  const file = findConfig(io.cwd, flags.config);
  const { calendars, settings, store } = parseConfig(await loadConfig(file), catalogue);
  const zone = zoneFor(flags.zone, settings.zone);
  if (calendars.length === 0) {
    throw new AuspexError('NOTHING_TO_EXPLAIN', 'no calendar is configured, so nothing is planned', {
      path: file,
      remedy: 'Name one under `calendars`: ical, json-calendar, http-calendar or holidays; `auspex describe ical` shows what it accepts.',
    });
  }
  const answers = await Promise.all(calendars.map((used) => ask(used, from, to, clock, settings.timeLimit, io)));
  const learnt = await learntOf(store, clock, settings.timeLimit, io);
  const coming = answers
    .flatMap(({ found }) => found)
    .map((each) => ({ ...each, outlook: outlookOf(each.event, learnt) }))
    .filter(({ event }) => flags.group === undefined || event.groups === undefined || event.groups.includes(flags.group))
    .sort((a, b) => a.event.start - b.event.start || (a.event.id < b.event.id ? -1 : 1));
  const failures = answers.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  if (flags.json) io.out(`${JSON.stringify(report(from, to, coming, failures), null, 2)}\n`);
  else {
    io.out(`${spanText(from, to, zone, coming.length)}\n`);
    if (coming.length > 0) io.out(`\n${eventsText(coming, now, zone)}`);
  }
  // What the others know is told all the same.
  const told = failures.map((failure) => errorText(failure, io.cwd));
  for (const { text } of told) io.err(`${text}\n`);
  const [first] = told;
  if (first) throw new Ended(first.code);
}

function asked(flags: Flags, now: number): { readonly from: number; readonly to: number } {
  const from = flags.from === undefined ? now : timeOf(flags.from, '--from');
  if (flags.to === undefined) return { from, to: from + durationOf(flags.for ?? AHEAD, '--for', 1) };
  if (flags.for !== undefined) throw wrongUse('--to', 'there is a --for as well', 'Give one of them.');
  const to = timeOf(flags.to, '--to');
  if (to <= from) throw wrongUse('--to', `${instant(to)} is not after ${instant(from)}`, 'Let it lie after --from, or after now.');
  return { from, to };
}

/** The zone that was asked for; else the config's, where it has one for all. */
function zoneFor(named: string | undefined, configured: unknown): string {
  if (named === undefined) return typeof configured === 'string' ? configured : 'UTC';
  try {
    return zoneOf(named).id;
  } catch {
    throw wrongUse('--zone', `there is no zone "${named}"`, 'Use an IANA zone such as Europe/Berlin, or a fixed offset such as -04:00.');
  }
}

interface Answer {
  readonly found: readonly Omit<Coming, 'outlook'>[];
  readonly failure?: Error;
}

/** Asks one calendar, as the engine would, and closes it. What it throws is an answer, too. */
async function ask(
  { plugin, options, path }: ResolvedPlugin<'calendar'>,
  from: number,
  to: number,
  clock: Clock,
  limit: number,
  io: Io,
): Promise<Answer> {
  const over = new AbortController();
  const signal = AbortSignal.any([io.signal, over.signal]);
  let calendar: Calendar | undefined;
  try {
    calendar = plugin.create(options as never, standaloneContext({ clock, signal, logger: makeLogger('warn', io) }));
    const tooLate = clock.sleep(limit, signal).then(() => {
      throw new AuspexError('STAGE_TIMEOUT', `no answer within ${limit / 1000} s`);
    });
    const found = await Promise.race([calendar.between(from, to), tooLate]);
    return { found: found.map((event) => ({ calendar: plugin.id, event })) };
  } catch (cause) {
    io.signal.throwIfAborted();
    if (!isAuspexError(cause)) return { found: [], failure: new AuspexError('PLUGIN_FAILED', (cause as Error).message, { path, cause }) };
    return { found: [], failure: new AuspexError(cause.code, cause.message, { path, cause, remedy: cause.remedy }) };
  } finally {
    over.abort();
    await atMost(clock, CLOSING, calendar?.close?.());
  }
}

/** What the engine of the config's store has learnt; undefined = nothing, or it cannot be told, which is said and is no failure. */
async function learntOf(
  { plugin, options }: ResolvedPlugin<'store'>,
  clock: Clock,
  limit: number,
  io: Io,
): Promise<LearntEvents | undefined> {
  const { path: place } = options as { readonly path?: string };
  // Asking must not make a store where there is none yet.
  if (!plugin.capabilities.durable || (place !== undefined && !existsSync(place))) return undefined;
  const over = new AbortController();
  let store: Store | undefined;
  try {
    store = plugin.create(options as never, standaloneContext({ clock, signal: AbortSignal.any([io.signal, over.signal]) }));
    const tooLate = clock.sleep(limit, over.signal).then(() => {
      throw new AuspexError('STORE_UNREACHABLE', `no answer within ${limit / 1000} s`);
    });
    return await Promise.race([readEvents(store), tooLate]);
  } catch (cause) {
    io.signal.throwIfAborted();
    io.err(`what was learnt of earlier events cannot be told: ${(cause as Error).message}\n`);
    return undefined;
  } finally {
    over.abort();
    await atMost(clock, CLOSING, store?.close());
  }
}

/** Times as they are in the contract, epoch ms, and as people read them. */
function report(from: number, to: number, coming: readonly Coming[], failures: readonly Error[]): object {
  const iso = (at: number): string => new Date(at).toISOString();
  return {
    from: iso(from),
    to: iso(to),
    events: coming.map(({ calendar, event, outlook }) => ({
      calendar,
      ...event,
      expected: outlook,
      startsAt: iso(event.start),
      endsAt: iso(event.end),
    })),
    failures: failures.map(({ message }) => message),
  };
}
