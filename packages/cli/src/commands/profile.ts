import { AuspexError, type BehaviorProfile, type Share } from '@auspex/contracts';
import { createEngine, nearest, use, VirtualClock } from '@auspex/core';
import { catalogue, memory, preset } from '@auspex/preset';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { openStore, type StoreFlags } from '../open-store.ts';
import { Progress } from '../progress.ts';
import { type TraceFlags, traceConfig } from '../trace.ts';
import { withTraceOptions } from './options.ts';

interface Flags extends TraceFlags, StoreFlags {
  readonly trace?: string[];
  readonly json?: boolean;
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const SHADES = ' ░▒▓█';

export function profileCommand(io: Io): (command: Command) => Command {
  return (command) =>
    withTraceOptions(
      command
        .command('profile')
        .argument('[group]', 'the group; without one, all of them in a line each')
        .summary("a group's behaviour, drawn")
        .description('Shows what is believed of a group: rates by time of week, peaks, sessions, resources, users, correlated groups.')
        .option('--config <file>', 'config whose store holds the profiles')
        .option('--trace <file...>', 'learn from these files instead of reading the store')
        .option('--json', 'as JSON'),
    ).action(async (group: string | undefined, flags: Flags) => profile(group, flags, io));
}

async function profile(group: string | undefined, flags: Flags, io: Io): Promise<void> {
  const profiles = flags.trace ? await learn(flags.trace, flags, io) : await restore(flags, io);
  if (group === undefined) {
    const busiest = profiles.toSorted((a, b) => b.perMinute - a.perMinute);
    io.out(flags.json ? `${JSON.stringify(busiest, null, 2)}\n` : busiest.map(lineText).join(''));
    return;
  }
  const found = profiles.find((each) => each.group === group);
  if (!found) {
    const near = nearest(
      group,
      profiles.map((each) => each.group),
    );
    throw new AuspexError('NOTHING_TO_EXPLAIN', `no group "${group}" is known${near ? `; did you mean "${near}"?` : ''}`, {
      remedy: '`auspex profile` lists the groups.',
    });
  }
  io.out(flags.json ? `${JSON.stringify(found, null, 2)}\n` : profileText(found));
}

async function learn(files: readonly string[], flags: Flags, io: Io): Promise<BehaviorProfile[]> {
  const trace = await traceConfig(files, flags, io.cwd);
  const progress = new Progress(io, 0, 1);
  const config = { ...preset({ ...trace, store: use(memory), pools: [{ id: 'all', unitRate: 1 }] }), predictors: [] };
  const onStep = (step: number): void => {
    io.signal.throwIfAborted();
    progress.step('learning', step);
  };
  await using engine = createEngine(config, {
    mode: 'replay',
    catalogue,
    host: { clock: new VirtualClock() },
    decideFrom: Number.POSITIVE_INFINITY,
    onStep,
  });
  await engine.start();
  await engine.run();
  progress.done();
  return engine.groups().flatMap((each) => engine.profile(each) ?? []);
}

async function restore(flags: Flags, io: Io): Promise<BehaviorProfile[]> {
  const { store, config } = await openStore(flags, io);
  try {
    // A replay that is started and never run reads what is stored, takes no lease and writes nothing.
    await using engine = createEngine(config, { mode: 'replay', catalogue, host: { store } });
    await engine.start();
    return engine.groups().flatMap((each) => engine.profile(each) ?? []);
  } finally {
    await store.close();
  }
}

const amount = (value: number): string => (value >= 100 ? Math.round(value).toString() : Number(value.toPrecision(3)).toString());

function lineText(each: BehaviorProfile): string {
  const [peak] = each.peaks;
  const when = peak ? `peak ${DAYS[peak.day]} ${String(peak.hour).padStart(2, '0')}:00` : 'no peak yet';
  return `${each.group.padEnd(28)} ${amount(each.perMinute).padStart(8)}/min  ${when.padEnd(16)} ${amount(each.users.today).padStart(6)} users today\n`;
}

/** A profile as a person reads it: the week as a strip a day, then what is common. */
export function profileText(each: BehaviorProfile): string {
  const highest = Math.max(...each.weekly, 1e-9);
  const out = [`${each.group}  (${each.zone}, ${each.steps} steps)`, ''];
  out.push(`expected    ${amount(each.perMinute)} requests/min, ${amount(each.perHour)}/h on average`);
  out.push('', `            ${['0', '6', '12', '18'].map((hour) => hour.padEnd(6)).join('')}`);
  DAYS.forEach((day, index) => {
    const hours = each.weekly.slice(index * 24, index * 24 + 24);
    const strip = hours.map((value) => SHADES[Math.min(4, Math.ceil((4 * value) / highest))]).join('');
    out.push(`  ${day}       ${strip}  ${amount(Math.max(...hours))}/min at most`);
  });
  out.push('');
  if (each.peaks.length > 0)
    out.push(
      `peaks       ${each.peaks.map((peak) => `${DAYS[peak.day]} ${String(peak.hour).padStart(2, '0')}:00 (${amount(peak.perMinute)}/min)`).join(', ')}`,
    );
  if (each.sessions)
    out.push(
      `sessions    half within ${amount(each.sessions.median)} s, 90 % within ${amount(each.sessions.p90)} s, ${amount(each.sessions.perHour)} an hour`,
    );
  out.push(`users       ${amount(each.users.today)} today, ${amount(each.users.usualDay)} on a usual day`);
  shares(out, 'resources', each.resources);
  shares(out, 'features', each.features);
  shares(out, 'countries', each.countries);
  shares(out, 'levels', each.accessLevels);
  shares(
    out,
    'POPs',
    each.pops.filter((pop) => pop.key !== ''),
  );
  for (const other of each.correlated) {
    const lead =
      other.lagMs === 0
        ? 'at the same time'
        : other.lagMs > 0
          ? `${other.lagMs / 60_000} min ahead of it`
          : `${-other.lagMs / 60_000} min behind it`;
    out.push(`moves with  ${other.group}, ${lead} (r ${other.r.toFixed(2)})`);
  }
  out.push(`sensitivity ${each.sensitivity}`);
  return `${out.join('\n')}\n`;
}

function shares(out: string[], name: string, list: readonly Share[]): void {
  list.slice(0, 6).forEach((entry, index) => {
    out.push(`${(index === 0 ? name : '').padEnd(11)} ${`${(100 * entry.share).toFixed(1)} %`.padStart(7)}  ${entry.key}`);
  });
}
