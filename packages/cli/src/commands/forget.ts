import { AuspexError } from '@auspex/contracts';
import { type ErasedKind, type ForgetReport, type Forgettable, forget } from '@auspex/core';
import { catalogue } from '@auspex/preset';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { openStore, type StoreFlags } from '../open-store.ts';
import { hang, plural } from '../text.ts';
import { oneOf } from '../values.ts';

interface Flags extends StoreFlags {
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

const KINDS = ['user', 'group'] as const;

const EXAMPLES = `
Examples:
  $ auspex forget user ann@example.com --dry-run
  $ auspex forget group /checkout
`;

/** What each count is of, for one of them. */
const NOUNS: Readonly<Record<ErasedKind, string>> = {
  openUsage: 'record of open usage',
  closedUsage: 'record of closed usage',
  lateUsage: 'record of late usage',
  profiles: 'profile',
  series: 'series',
  memberships: 'membership in a pool',
  correlations: 'correlation of another group',
  leaders: 'place as a leader of a pool',
  learnerStates: 'state of a learner',
  enricherStates: 'state of an enricher',
  alerts: 'alert',
  journalLines: 'journal line',
};
const PLURALS: Partial<Record<ErasedKind, string>> = {
  openUsage: 'records of open usage',
  closedUsage: 'records of closed usage',
  lateUsage: 'records of late usage',
  series: 'series',
  memberships: 'memberships in pools',
  correlations: 'correlations of other groups',
  leaders: 'places as a leader of pools',
  learnerStates: 'states of learners',
  enricherStates: 'states of enrichers',
};

export function forgetCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('forget')
      .argument('<kind>', KINDS.join(' or '))
      .argument('<name>', 'the user as the sources name one, or the group')
      .summary('erase a user or a group from the store')
      .description(
        'Erases a user or a group from the store: from states, history and journal. The engine has to be stopped. Broken off, it is run again to finish.',
      )
      .option('--config <file>', 'config whose store is to forget')
      .option('--dry-run', 'only count what would be erased; also beside a running engine')
      .option('--json', 'as JSON')
      .addHelpText('after', EXAMPLES)
      .action((kind: string, name: string, flags: Flags) => run(kind, name, flags, io));
}

async function run(kind: string, name: string, flags: Flags, io: Io): Promise<void> {
  const what: Forgettable = oneOf(kind, 'KIND', KINDS) === 'user' ? { user: name } : { group: name };
  const { store, config } = await openStore(flags, io);
  try {
    const report = await forget(config, what, { catalogue, dryRun: flags.dryRun ?? false, signal: io.signal, host: { store } });
    const found = Object.values(report.erased).some((count) => count > 0);
    if ('group' in what && !found) throw unknown(name, report.near);
    io.out(flags.json ? `${JSON.stringify(report, null, 2)}\n` : textOf(report, found, io.width));
  } finally {
    await store.close();
  }
}

function unknown(group: string, near: string | undefined): AuspexError {
  const text = `nothing was found of a group "${group}"${near === undefined ? '' : `; did you mean "${near}"?`}`;
  return new AuspexError('NOTHING_TO_EXPLAIN', text, {
    remedy: 'Nothing, where it has been forgotten before. `auspex profile` lists the groups that are known.',
  });
}

function textOf({ what, dryRun, erased, left, notes }: ForgetReport, found: boolean, width: number): string {
  const who = 'user' in what ? `user ${what.user}` : `group ${what.group}`;
  const lines = [
    found ? `${who}  ${dryRun ? 'would be forgotten (dry run: nothing was written)' : 'forgotten'}` : `${who}  nothing was found`,
  ];
  for (const [kind, count] of Object.entries(erased) as [ErasedKind, number][]) {
    if (count > 0)
      lines.push(`  ${dryRun ? 'would erase' : 'erased'}  ${count} ${count === 1 ? NOUNS[kind] : (PLURALS[kind] ?? `${NOUNS[kind]}s`)}`);
  }
  for (const { what: part, count, why } of left)
    lines.push(hang('  left    ', `${count === undefined ? part : `${plural(count, 'record')} of ${part}`}: ${why}`, width));
  for (const note of notes) lines.push(hang('  note    ', note, width));
  return `${lines.join('\n')}\n`;
}
