import { AuspexError } from '@auspex/contracts';
import { describeOptions, describePlugin, engineConfig, nearest, type OptionRow } from '@auspex/core';
import { catalogue } from '@auspex/preset';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { hang } from '../text.ts';

const EXAMPLES = `
Examples:
  $ auspex describe engine
  $ auspex describe access-log --json
`;

export function describeCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('describe')
      .argument('[plugin]', 'a plugin id, or `engine` for the config itself; without one, the list')
      .summary('what a plugin is and accepts')
      .description('Lists the bundled plugins, or shows what one of them (or the engine) accepts.')
      .option('--json', 'as JSON')
      .addHelpText('after', EXAMPLES)
      .action((id: string | undefined, flags: { json?: boolean }) => describe(id, flags, io));
}

function describe(id: string | undefined, flags: { json?: boolean }, io: Io): void {
  if (id === undefined) {
    io.out(flags.json ? `${JSON.stringify(catalogue.map(describePlugin), null, 2)}\n` : listText(io.width));
    if (!flags.json) io.err('next: auspex describe engine, or a name of the second column\n');
    return;
  }
  const engine = {
    id: 'engine',
    kind: 'config',
    summary: 'The config of the engine; the preset fills what is left out.',
    capabilities: {},
  };
  // One id may stand for a plugin of several kinds.
  const plugins = catalogue.filter((candidate) => candidate.id === id);
  if (plugins.length === 0 && id !== 'engine') {
    const near = nearest(id, ['engine', ...catalogue.map((candidate) => candidate.id)]);
    throw new AuspexError('PLUGIN_UNKNOWN', `there is no plugin "${id}"${near ? `; did you mean "${near}"?` : ''}`, {
      remedy: '`auspex describe` lists them.',
    });
  }
  const shown = plugins.length > 0 ? plugins.map(describePlugin) : [{ ...engine, options: describeOptions(engineConfig) }];
  if (flags.json) io.out(`${JSON.stringify(shown.length === 1 ? shown[0] : shown, null, 2)}\n`);
  else io.out(shown.map((each) => describedText(each, io.width)).join('\n'));
}

function listText(width: number): string {
  return catalogue.map((plugin) => `${hang(`${plugin.kind.padEnd(10)} ${plugin.id.padEnd(18)} `, plugin.summary, width)}\n`).join('');
}

interface Described {
  readonly id: string;
  readonly kind: string;
  readonly summary: string;
  readonly capabilities: object;
  readonly options: readonly OptionRow[];
}

function describedText({ id, kind, summary, capabilities, options }: Described, width: number): string {
  const lines = [`${id} (${kind})`, hang('', summary, width), ''];
  const able = Object.entries(capabilities).map(([name, value]) => `${name}: ${String(value)}`);
  if (able.length > 0) lines.push(hang('capabilities  ', able.join(', '), width), '');
  if (options.length === 0) lines.push('It has no options.');
  const column = Math.max(0, ...options.map((row) => row.name.length)) + 2;
  for (const row of options) {
    const fallback =
      row.default === undefined || row.default === '{}' ? (row.required ? 'required' : 'optional') : `default ${row.default}`;
    lines.push(hang(row.name.padEnd(column), `${row.type}, ${fallback}`, width));
    if (row.description) lines.push(hang(' '.repeat(column), row.description, width));
  }
  return `${lines.join('\n')}\n`;
}
