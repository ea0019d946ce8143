import { userInfo } from 'node:os';
import { type Alert, AuspexError } from '@auspex/contracts';
import {
  endSilence,
  type KnownAlerts,
  type OrderedSilence,
  parseConfig,
  type ResolvedPlugin,
  readAlerts,
  readSilences,
  setSilence,
  silencesOf,
  WallClock,
} from '@auspex/core';
import { catalogue } from '@auspex/preset';
import type { Command } from 'commander';
import { Ended, EXIT } from '../exit.ts';
import type { Io } from '../io.ts';
import { findConfig, loadConfig } from '../load-config.ts';
import { makeLogger } from '../log.ts';
import { openStore, type StoreFlags } from '../open-store.ts';
import { withSink } from '../sink.ts';
import { hang, instant, plural, span, wrap } from '../text.ts';
import { durationOf, wrongUse } from '../values.ts';

interface Flags extends StoreFlags {
  readonly test?: boolean;
  readonly json?: boolean;
}

interface SilenceFlags extends StoreFlags {
  readonly for: string;
  readonly reason: string;
  readonly by?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ auspex alerts
  $ auspex alerts --test
  $ auspex silence rule=anomaly pool=web --for 2h --reason "load test"
  $ auspex unsilence 3fa2b1
`;

export function alertsCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('alerts')
      .summary('what is firing, what waits for a sink, and what is silent')
      .description(
        'Shows what is firing, what waits for a sink and what is silent, from the store of the config. With --test it tells every sink of a test alert and of its end, and says whether it took them.',
      )
      .option('--config <file>', 'config file (default: auspex.config.* in this folder)')
      .option('--test', 'send a test alert, and its end, to every sink of the config')
      .option('--json', 'as JSON')
      .addHelpText('after', EXAMPLES)
      .action((flags: Flags) => (flags.test ? test(flags, io) : show(flags, io)));
}

export function silenceCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('silence')
      .argument('<label=pattern...>', 'labels of the alerts that it covers; * in a pattern stands for any text')
      .summary('tell nobody of some alerts for a time')
      .description('Tells nobody of alerts with these labels for a time. A running engine takes it up with its next step.')
      .requiredOption('--for <time>', 'how long, such as 30m or 2h; at most 7d')
      .requiredOption('--reason <text>', 'why')
      .option('--by <name>', 'who (default: the user of this system)')
      .option('--config <file>', 'config whose store the engine uses')
      .option('--json', 'as JSON')
      .addHelpText('after', EXAMPLES)
      .action((labels: readonly string[], flags: SilenceFlags) => silence(labels, flags, io));
}

export function unsilenceCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('unsilence')
      .argument('<id>', 'of the silence, as `auspex alerts` shows it')
      .summary('end a silence')
      .description('Ends a silence that was ordered from the command line. Those of the config end there.')
      .option('--config <file>', 'config whose store the engine uses')
      .addHelpText('after', EXAMPLES)
      .action((id: string, flags: StoreFlags) => unsilence(id, flags, io));
}

async function show(flags: Flags, io: Io): Promise<void> {
  const { store } = await openStore(flags, io);
  try {
    const known = await readAlerts(store);
    const now = new WallClock().now();
    const silences = (await readSilences(store)).filter(({ until }) => until > now);
    io.out(flags.json ? `${JSON.stringify({ ...known, silences })}\n` : text(known, silences, now, io));
  } finally {
    await store.close();
  }
}

function text({ causes, waiting }: KnownAlerts, silences: readonly OrderedSilence[], now: number, io: Io): string {
  const out: string[] = [];
  const rank = { page: 0, warning: 1, info: 2 };
  const firing = causes.filter(({ firing }) => firing).sort((a, b) => rank[a.severity] - rank[b.severity] || a.since - b.since);
  for (const { severity, rule, summary, since, told } of firing) {
    const heard = told === null ? 'nobody was told' : `told ${instant(told)}`;
    out.push(
      hang(
        `${severity.padEnd(8)} `,
        `${rule}: ${summary} (since ${instant(since)}, ${span(Math.max(0, now - since))}; ${heard})`,
        io.width,
      ),
    );
  }
  if (firing.length === 0) out.push('nothing is firing');
  for (const [sink, alerts] of Object.entries(waiting)) {
    const oldest = Math.min(...alerts.map(({ step }) => step));
    out.push(hang('waits    ', `${alerts.length} for ${sink}, the oldest of ${instant(oldest)}; why: auspex alerts --test`, io.width));
  }
  for (const { id, match, until, by, reason } of silences) {
    const labels = Object.entries(match).map(([label, pattern]) => `${label}=${pattern}`);
    out.push(hang('silent   ', `${id} ${labels.join(' ')} until ${instant(until)} by ${by}: "${reason}"`, io.width));
  }
  return `${out.join('\n')}\n`;
}

async function silence(labels: readonly string[], flags: SilenceFlags, io: Io): Promise<void> {
  const match: Record<string, string> = {};
  for (const each of labels) {
    const at = each.indexOf('=');
    if (at < 1) throw wrongUse('label=pattern', `"${each}" is none`, 'Write a label and what it is: pool=web, rule=anomaly.');
    match[each.slice(0, at)] = each.slice(at + 1);
  }
  const made = new WallClock().now();
  const until = made + durationOf(flags.for, '--for', 1);
  const { store } = await openStore(flags, io);
  try {
    const set = await setSilence(store, { match, made, until, by: flags.by ?? userInfo().username, reason: flags.reason });
    const { causes } = await readAlerts(store);
    const covers = causes.filter(({ labels }) => silencesOf([{ match }])(labels, made)).length;
    if (flags.json) io.out(`${JSON.stringify({ ...set, covers, causes: causes.length })}\n`);
    else
      io.out(
        `${set.id}: silent until ${instant(until)}; end it with: auspex unsilence ${set.id}\n${coverText(covers, causes.length, io)}\n`,
      );
  } finally {
    await store.close();
  }
}

/** Who mistypes a pool learns it now, and not by the alert that comes all the same. */
function coverText(covers: number, all: number, { width }: Pick<Io, 'width'>): string {
  if (all === 0) return 'no cause lasts now';
  const last = `${plural(all, 'cause')} that ${all === 1 ? 'lasts' : 'last'} now`;
  if (covers > 0) return `covers ${covers} of ${last}`;
  return wrap(`covers none of the ${last}; the labels are in auspex alerts --json`, width).join('\n');
}

async function unsilence(id: string, flags: StoreFlags, io: Io): Promise<void> {
  const { store } = await openStore(flags, io);
  try {
    const ended = await endSilence(store, id);
    if (!ended) throw wrongUse('id', `there is no silence "${id}"`, '`auspex alerts` shows those there are.');
    io.out(`${id}: ended\n`);
  } finally {
    await store.close();
  }
}

interface Tried {
  readonly sink: string;
  readonly ok: boolean;
  readonly error?: string;
}

async function test(flags: Flags, io: Io): Promise<void> {
  const file = findConfig(io.cwd, flags.config);
  const { sinks, settings } = parseConfig(await loadConfig(file), catalogue);
  if (sinks.length === 0) {
    throw new AuspexError('NOTHING_TO_EXPLAIN', 'no alert sink is configured, so nobody is told', {
      path: file,
      remedy:
        'Name one under `alerts.sinks`: alertmanager, webhook, slack, pagerduty, smtp or log; `auspex describe alertmanager` shows what it accepts.',
    });
  }
  const tried: Tried[] = [];
  // One after the other: what one says must not hide what another does.
  for (const [index, used] of sinks.entries())
    tried.push({ sink: settings.alerts.sinks[index]?.name ?? used.plugin.id, ...(await trySink(used, settings.timeLimit, io)) });
  if (flags.json) io.out(`${JSON.stringify(tried)}\n`);
  else for (const { sink, ok, error } of tried) io.out(ok ? `ok      ${sink}\n` : `${hang('failed  ', `${sink}: ${error}`, io.width)}\n`);
  if (tried.some(({ ok }) => !ok)) throw new Ended(EXIT.failure);
}

async function trySink(used: ResolvedPlugin<'alertSink'>, limit: number, io: Io): Promise<Omit<Tried, 'sink'>> {
  const clock = new WallClock();
  try {
    await withSink(used, { clock, logger: makeLogger('warn', io), signal: io.signal }, async (sink) => {
      const signal = AbortSignal.any([io.signal, AbortSignal.timeout(limit)]);
      for (const alert of testAlerts(clock.now())) await sink.send([alert], signal);
    });
    return { ok: true };
  } catch (error) {
    return { ok: false, error: (error as Error).message };
  }
}

/** A test alert, and its end. */
function testAlerts(now: number): readonly Alert[] {
  const fingerprint = `auspex-test-${now}`;
  const same = {
    fingerprint,
    severity: 'info' as const,
    summary: 'A test of Auspex: nothing has happened, and nothing is to be done',
    step: now,
    startsAt: now,
    labels: { rule: 'test' },
  };
  return [
    { ...same, key: `${fingerprint}/firing`, status: 'firing' },
    { ...same, key: `${fingerprint}/resolved`, status: 'resolved', endsAt: now },
  ];
}
