import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AuspexError } from '@auspex/contracts';
import * as prompts from '@clack/prompts';
import type { Command } from 'commander';
import type { Io } from '../io.ts';

interface Flags {
  readonly yes?: boolean;
  readonly yaml?: boolean;
  readonly force?: boolean;
  readonly log?: string;
  readonly unitRate?: string;
  readonly leadTime?: string;
  readonly zone?: string;
}

interface Answers {
  readonly log: string;
  readonly zone: string;
  readonly unitRate: string;
  readonly leadTime: string;
}

const USUAL: Answers = { log: 'access.log', zone: 'UTC', unitRate: '50', leadTime: '5m' };

export function initCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('init')
      .summary('write a commented config')
      .description('Asks a few things and writes a commented auspex.config.ts (or .yaml).')
      .option('-y, --yes', 'ask nothing, take the usual')
      .option('--yaml', 'write YAML instead of TypeScript: needs no packages beside the config')
      .option('--force', 'overwrite a config that is there')
      .option('--log <file>', 'the access log to follow')
      .option('--unit-rate <n>', 'what a unit serves a second at 100 % use')
      .option('--lead-time <duration>', 'time from order to ready')
      .option('--zone <zone>', 'zone in which your users live')
      .action(async (flags: Flags) => init(flags, io));
}

async function init(flags: Flags, io: Io): Promise<void> {
  const file = path.join(io.cwd, flags.yaml ? 'auspex.config.yaml' : 'auspex.config.ts');
  if (existsSync(file) && !flags.force) {
    throw new AuspexError('SUPPORT', 'there is a config already', { path: path.basename(file), remedy: 'Use --force to overwrite it.' });
  }
  const given = { ...USUAL, ...Object.fromEntries(Object.entries(flags).filter(([, value]) => typeof value === 'string')) } as Answers;
  const answers = flags.yes || !io.tty ? given : await ask(given);
  if (!answers) return;
  writeFileSync(file, flags.yaml ? yamlConfig(answers) : tsConfig(answers));
  io.out(
    `${path.basename(file)} is written. Next:\n  auspex backtest ${answers.log}        what it would have done with your traffic\n  auspex run --mode shadow${' '.repeat(Math.max(1, answers.log.length - 6))}   decide and journal, touch nothing\n`,
  );
}

async function ask(usual: Answers): Promise<Answers | undefined> {
  const question = (message: string, initialValue: string) => () => prompts.text({ message, initialValue });
  const answers = await prompts.group(
    {
      log: question('Which access log shall be followed?', usual.log),
      zone: question('In which time zone do your users live?', usual.zone),
      unitRate: question('How many requests a second does one unit (replica, server) serve at 100 % use?', usual.unitRate),
      leadTime: question('How long from ordering a unit until it serves (p90)?', usual.leadTime),
    },
    { onCancel: () => undefined },
  );
  return Object.values(answers).some((answer) => typeof answer !== 'string') ? undefined : (answers as Answers);
}

function tsConfig({ log, zone, unitRate, leadTime }: Answers): string {
  return `import { use } from '@auspex/core';
import { preset } from '@auspex/preset';
import { accessLog } from '@auspex/sources/access-log';
import { groupEnricher } from '@auspex/sources/enrich/group';
import { sessionEnricher } from '@auspex/sources/enrich/session';

// Every key: auspex describe engine. Every plugin: auspex describe.
export default preset({
  // One decision a step.
  step: '1m',
  // Days and weeks of your users; by POP or group too: { default: 'UTC', pops: { fra: 'Europe/Berlin' } }.
  zone: ${JSON.stringify(zone)},
  sources: [use(accessLog, { files: [${JSON.stringify(log)}], follow: true })],
  enrich: [
    // A group is a set of users or of what they use: here the first segment of the path.
    use(groupEnricher, { rule: { pathPrefix: 1 } }),
    use(sessionEnricher),
  ],
  pools: [
    {
      id: 'web',
      // Requests a second that one unit serves at 100 % use, and the share of it that is planned for.
      unitRate: ${unitRate},
      target: 0.7,
      min: 1,
      max: 100,
      // p90 of the time from order to ready: how far ahead Auspex has to look.
      leadTime: ${JSON.stringify(leadTime)},
      // No actuator yet: decisions are journaled only. See auspex describe.
    },
  ],
});
`;
}

function yamlConfig({ log, zone, unitRate, leadTime }: Answers): string {
  return `# Every key: auspex describe engine. Every plugin: auspex describe.

# One decision a step.
step: 1m
# Days and weeks of your users; by POP or group too: { default: UTC, pops: { fra: Europe/Berlin } }.
zone: ${JSON.stringify(zone)}
sources:
  - use: access-log
    with: { files: [${JSON.stringify(log)}], follow: true }
enrich:
  # A group is a set of users or of what they use: here the first segment of the path.
  - use: group
    with: { rule: { pathPrefix: 1 } }
  - use: session
pools:
  - id: web
    # Requests a second that one unit serves at 100 % use, and the share of it that is planned for.
    unitRate: ${unitRate}
    target: 0.7
    min: 1
    max: 100
    # p90 of the time from order to ready: how far ahead Auspex has to look.
    leadTime: ${leadTime}
    # No actuator yet: decisions are journaled only. See auspex describe.
`;
}
