import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as prompts from '@clack/prompts';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { bringsOwn } from '../load-config.ts';
import { durationOf, numberOf, wrongUse } from '../values.ts';

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

const EXAMPLES = `
Examples:
  $ auspex init
  $ auspex init --yes --yaml --log /var/log/nginx/access.log --unit-rate 50 --lead-time 3m
`;

export function initCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('init')
      .summary('write a commented config')
      .description('Asks a few things and writes a commented auspex.config.ts (or .yaml).')
      .option('-y, --yes', 'ask nothing, take the usual')
      .option('--yaml', 'write YAML instead of TypeScript')
      .option('--force', 'overwrite a config that is there')
      .option('--log <file>', 'the access log to follow')
      .option('--unit-rate <n>', 'what a unit serves a second at 100 % use')
      .option('--lead-time <duration>', 'time from order to ready')
      .option('--zone <zone>', 'zone in which your users live')
      .addHelpText('after', EXAMPLES)
      .action(async (flags: Flags) => init(flags, io));
}

async function init(flags: Flags, io: Io): Promise<void> {
  const file = path.join(io.cwd, flags.yaml ? 'auspex.config.yaml' : 'auspex.config.ts');
  const name = path.basename(file);
  const other = path.join(io.cwd, flags.yaml ? 'auspex.config.ts' : 'auspex.config.yaml');
  if (existsSync(other))
    throw wrongUse(
      path.basename(other),
      'there is another config in this folder',
      'Remove it first: two configs would leave open which one holds.',
    );
  if (existsSync(file) && !flags.force) throw wrongUse(name, 'there is a config already', 'Use --force to overwrite it.');
  const given = { ...USUAL, ...Object.fromEntries(Object.entries(flags).filter(([, value]) => typeof value === 'string')) } as Answers;
  check(given);
  const answers = flags.yes || !io.interactive ? given : await ask(given);
  if (!answers) {
    io.err('nothing was written\n');
    return;
  }
  write(file, flags.yaml ? yamlConfig(answers) : tsConfig(answers));
  const steps = [
    ['auspex backtest', 'what this config would have done with the log'],
    ['auspex run --mode shadow', 'decide and journal, touch nothing'],
  ] as const;
  const column = Math.max(...steps.map(([command]) => command.length)) + 3;
  io.out(`${name} is written. Next:\n${steps.map(([command, what]) => `  ${command.padEnd(column)}${what}\n`).join('')}`);
  if (!existsSync(path.resolve(io.cwd, answers.log)))
    io.err(`${answers.log} is not there yet: correct the name in ${name}, or write it.\n`);
  if (!flags.yaml && !bringsOwn(file)) io.err('For types in your editor: npm install --save-dev @auspex/core @auspex/preset\n');
}

/** The config is to be one that runs. */
function check({ unitRate, leadTime, zone }: Answers): void {
  numberOf(unitRate, '--unit-rate', { above: 0 }, 'a number of requests a second, such as 50');
  durationOf(leadTime, '--lead-time', 0);
  try {
    if (!/^[+-]\d{2}:\d{2}$/.test(zone)) new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch {
    throw wrongUse('--zone', `"${zone}" is no time zone`, 'Use an IANA zone such as Europe/Berlin, or a fixed offset such as +05:30.');
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw wrongUse(path.basename(file), `cannot be written: ${(error as Error).message}`, 'Run this in a folder that you may write to.');
  }
}

async function ask(usual: Answers): Promise<Answers | undefined> {
  const question = (message: string, initialValue: string, key?: keyof Answers) => (): ReturnType<typeof prompts.text> =>
    prompts.text({ message, initialValue, validate: (value) => problem(value ?? '', usual, key) });
  const answers = await prompts.group(
    {
      log: question('Which access log shall be followed?', usual.log),
      zone: question('In which time zone do your users live?', usual.zone, 'zone'),
      unitRate: question('How many requests a second does one unit (replica, server) serve at 100 % use?', usual.unitRate, 'unitRate'),
      leadTime: question('How long from ordering a unit until it serves (p90)?', usual.leadTime, 'leadTime'),
    },
    { onCancel: () => undefined },
  );
  return Object.values(answers).some((answer) => typeof answer !== 'string') ? undefined : (answers as Answers);
}

/** What is wrong with an answer, for the prompt. */
function problem(value: string, usual: Answers, key: keyof Answers | undefined): string | undefined {
  try {
    if (key) check({ ...usual, [key]: value });
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^--[a-z-]+: /, '');
  }
}

/** As the rest of the file is written: 'UTC'. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function tsConfig({ log, zone, unitRate, leadTime }: Answers): string {
  return `import { use } from '@auspex/core';
import { accessLog, groupEnricher, preset, sessionEnricher } from '@auspex/preset';

// Every key: auspex describe engine. Every plugin: auspex describe.
export default preset({
  // One decision a step.
  step: '1m',
  // Days and weeks of your users; by POP or group too: { default: 'UTC', pops: { fra: 'Europe/Berlin' } }.
  zone: ${quoted(zone)},
  sources: [use(accessLog, { files: [${quoted(log)}], follow: true })],
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
      leadTime: ${quoted(leadTime)},
      // No actuator yet: decisions are journaled only. See auspex describe.
    },
  ],
  // Alerts go to the log until somebody is named; import sinks from '@auspex/preset', and try them: auspex alerts --test.
  // alerts: {
  //   sinks: [
  //     use(alertmanager, { urls: ['http://127.0.0.1:9093'] }),
  //     { ...use(slack, { urlEnv: 'SLACK_WEBHOOK' }), atLeast: 'page' },
  //   ],
  // },
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
# Alerts go to the log until somebody is named; try it: auspex alerts --test.
# alerts:
#   sinks:
#     - use: alertmanager
#       with: { urls: ["http://127.0.0.1:9093"] }
#     - use: slack
#       with: { urlEnv: SLACK_WEBHOOK }
#       atLeast: page
`;
}
