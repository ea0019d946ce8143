import { AuspexError } from '@auspex/contracts';
import { describeOptions, describePlugin, engineConfig, nearest, type OptionRow } from '@auspex/core';
import { catalogue } from '@auspex/preset';
import type { Command } from 'commander';
import type { Io } from '../io.ts';

export function describeCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('describe')
      .argument('[plugin]', 'a plugin id, or `engine` for the config itself; without one, the list')
      .summary('what a plugin is and accepts')
      .description('Lists the bundled plugins, or shows what one of them (or the engine) accepts.')
      .option('--json', 'as JSON')
      .action((id: string | undefined, flags: { json?: boolean }) => describe(id, flags, io));
}

function describe(id: string | undefined, flags: { json?: boolean }, io: Io): void {
  if (id === undefined) {
    if (flags.json) io.out(`${JSON.stringify(catalogue.map(describePlugin), null, 2)}\n`);
    else for (const plugin of catalogue) io.out(`${plugin.kind.padEnd(10)} ${plugin.id.padEnd(18)} ${plugin.summary}\n`);
    return;
  }
  const engine = {
    id: 'engine',
    kind: 'config',
    summary: 'The config of the engine; the preset fills what is left out.',
    capabilities: {},
  };
  const plugin = catalogue.find((candidate) => candidate.id === id);
  if (!plugin && id !== 'engine') {
    const near = nearest(
      id,
      catalogue.map((candidate) => candidate.id),
    );
    throw new AuspexError('PLUGIN_UNKNOWN', `there is no plugin "${id}"${near ? `; did you mean "${near}"?` : ''}`, {
      remedy: '`auspex describe` lists them.',
    });
  }
  const shown = plugin ? describePlugin(plugin) : { ...engine, options: describeOptions(engineConfig) };
  io.out(flags.json ? `${JSON.stringify(shown, null, 2)}\n` : describedText(shown));
}

function describedText(shown: { id: string; kind: string; summary: string; capabilities: object; options: readonly OptionRow[] }): string {
  const lines = [`${shown.id} (${shown.kind})`, shown.summary, ''];
  const capabilities = Object.entries(shown.capabilities).map(([name, value]) => `${name}: ${String(value)}`);
  if (capabilities.length > 0) lines.push(`capabilities  ${capabilities.join(', ')}`, '');
  if (shown.options.length === 0) lines.push('It has no options.');
  const width = Math.max(0, ...shown.options.map((row) => row.name.length));
  for (const row of shown.options) {
    const fallback = row.default === undefined ? (row.required ? 'required' : 'optional') : `default ${row.default}`;
    lines.push(`${row.name.padEnd(width)}  ${row.type}, ${fallback}`, `${' '.repeat(width)}  ${row.description}`);
  }
  return `${lines.join('\n')}\n`;
}
