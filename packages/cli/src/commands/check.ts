import { AuspexError } from '@auspex/contracts';
import { runLaws, type Verdict, verdictText } from '@auspex/testkit';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { subjectsOf } from '../subjects.ts';
import { wrongUse } from '../values.ts';

const EXAMPLES = `
Examples:
  $ auspex check ./dist/subject.js
  $ auspex check @acme/auspex-scaler
  $ auspex check seasonal --with '{"halfLife":"7d"}'
`;

interface Flags {
  readonly with?: string;
  readonly json?: boolean;
}

export function checkCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('check')
      .argument('<plugin>', 'a module that exports subject() or a plugin, a package, or the id of a bundled plugin')
      .summary('does a plugin keep the laws of its kind')
      .description('Holds a plugin to the laws of its kind and prints a verdict. Ends with 3 when a law is broken.')
      .option('--with <json>', 'options of a plugin that comes without a subject')
      .option('--json', 'the verdicts as JSON')
      .addHelpText('after', EXAMPLES)
      .action((name: string, flags: Flags) => check(name, flags, io));
}

async function check(name: string, flags: Flags, io: Io): Promise<void> {
  const subjects = await subjectsOf(name, optionsOf(flags.with), io.cwd);
  const verdicts: Verdict[] = [];
  for (const subject of subjects) {
    const verdict = await verdictOf(subject, name);
    verdicts.push(verdict);
    if (!flags.json) io.out(`${verdictText(verdict)}\n`);
  }
  if (flags.json) io.out(`${JSON.stringify(verdicts, null, 2)}\n`);
  const broken = verdicts.flatMap((verdict) => verdict.results).filter((result) => result.outcome === 'broken');
  if (broken.length > 0 || verdicts.some((verdict) => !verdict.passed))
    throw new AuspexError('PLUGIN_LAWS', broken.length === 1 ? 'one law is broken' : `${broken.length} laws are broken`, { path: name });
}

/** The runner answers for the plugin; what its author's subject throws before there is one comes here. */
async function verdictOf(subject: Parameters<typeof runLaws>[0], name: string): Promise<Verdict> {
  try {
    return await runLaws(subject);
  } catch (cause) {
    throw new AuspexError('PLUGIN_FAILED', `its subject is wrong: ${(cause as Error).message}`, { path: name, cause });
  }
}

function optionsOf(text: string | undefined): unknown {
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch {
    throw wrongUse('--with', 'is no JSON', `Write an object: --with '{"seed":1}'`);
  }
}
