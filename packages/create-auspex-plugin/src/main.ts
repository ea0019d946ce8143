import path from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { asking } from './ask.ts';
import type { Io } from './io.ts';
import { KIND_NAMES, KINDS, type Kind, kindOf, nearestKind } from './kinds.ts';
import { problemOfName, unscoped } from './names.ts';
import { checkFolder, type Plan, writePackage } from './write.ts';
import { Stopped, WrongUse, wrongUse } from './wrong.ts';

/** How the command ends. */
export const EXIT = Object.freeze({ ok: 0, failed: 1, usage: 2, interrupted: 130 });

const HELP = `Writes a package for an Auspex plugin: it builds, and passes the laws of its kind.

Usage: npm create auspex-plugin [folder] -- [options]

Asks for what is missing, on a terminal. The folder is made; usually it is called as the package is.

Options:
  --kind <kind>  what kind of plugin: see --list
  --name <name>  name of the package, such as auspex-scaler or @acme/auspex-scaler
  -y, --yes      ask nothing: the name comes from the folder
  --list         the kinds, with a sentence each
  -h, --help     this text

Examples:
  $ npm create auspex-plugin
  $ npm create auspex-plugin scaler -- --kind actuator --name @acme/auspex-scaler

Exit codes: 0 done, 1 unexpected failure, 2 wrong use, 130 interrupted.
`;

interface Given {
  readonly folder: string | undefined;
  readonly kind: Kind | undefined;
  readonly name: string | undefined;
  readonly yes: boolean;
}

/** Runs one command line (without node and script). Returns the exit code; prints errors, throws none. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  try {
    const { values, positionals } = parsed(args);
    if (values.help) io.out(HELP);
    else if (values.list) io.out(listText(io.color));
    else await create(givenOf(values, positionals), io);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof Stopped) {
      io.err(`\n${error.message}\n`);
      return EXIT.interrupted;
    }
    io.err(`${(error as Error).message}${error instanceof WrongUse ? '\n(--help shows what there is)' : '; nothing was written'}\n`);
    return error instanceof WrongUse ? EXIT.usage : EXIT.failed;
  }
}

const OPTIONS = {
  kind: { type: 'string' },
  name: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Parsed = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>;

function parsed(args: readonly string[]): Parsed {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // Its first sentence says what is wrong, the others how to write a positional that begins with a dash.
    throw wrongUse((error as Error).message.split('. ')[0] as string);
  }
}

function givenOf(values: Parsed['values'], positionals: readonly string[]): Given {
  if (positionals.length > 1) throw wrongUse(`one folder, please: ${positionals.join(', ')} are ${positionals.length}`);
  return {
    folder: positionals[0] === '' ? undefined : positionals[0],
    kind: values.kind === undefined ? undefined : readKind(values.kind),
    name: values.name === undefined ? undefined : readName(values.name),
    yes: values.yes === true,
  };
}

async function create(given: Given, io: Io): Promise<void> {
  // Before anything is asked: what cannot be used is told at once.
  if (given.folder !== undefined) checkFolder(path.resolve(io.cwd, given.folder), given.folder);
  const { kind, name } = await completed(given, io);
  const shown = given.folder ?? unscoped(name);
  const plan: Plan = { kind, name, folder: path.resolve(io.cwd, shown) };
  checkFolder(plan.folder, shown);
  if (io.signal.aborted) throw new Stopped('nothing was written');
  const files = writePackage(plan);
  io.out(doneText(plan, files, io));
}

async function completed(given: Given, io: Io): Promise<Pick<Plan, 'kind' | 'name'>> {
  const usual = usualName(given, io.cwd);
  const name = given.name ?? (given.yes ? usual : undefined);
  if (given.kind !== undefined && name !== undefined) return { kind: given.kind, name };
  if (given.yes || !io.interactive) throw missing(given, name);
  return asking(io, async (ask) => {
    if (given.kind === undefined) io.out(`${listText(io.color)}\n`);
    const kind = given.kind ?? (await ask({ text: 'What kind of plugin? A number or a name', read: readKind }));
    const plugin = name ?? (await ask({ text: 'Name of the package?', usual: usual ?? `auspex-my-${dashed(kind)}`, read: readName }));
    return { kind, name: plugin };
  });
}

function missing(given: Given, name: string | undefined): WrongUse {
  const flags = [...(given.kind === undefined ? ['--kind <kind>'] : []), ...(name === undefined ? ['--name <name>'] : [])];
  const why = given.yes ? 'with --yes nothing is asked' : 'there is no terminal to ask on';
  return wrongUse(`${why}: add ${flags.join(' and ')}`);
}

/** The name that a folder suggests, where it is one. */
function usualName({ folder }: Given, cwd: string): string | undefined {
  if (folder === undefined) return undefined;
  const name = path.basename(path.resolve(cwd, folder));
  return problemOfName(name) === undefined ? name : undefined;
}

const dashed = (kind: Kind): string => kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function readKind(text: string): Kind {
  const kind = kindOf(text) ?? KIND_NAMES[/^\d+$/.test(text) ? Number(text) - 1 : -1];
  if (kind !== undefined) return kind;
  const nearest = nearestKind(text);
  if (nearest !== undefined) throw wrongUse(`there is no kind "${text}"; did you mean ${nearest}?`);
  throw wrongUse(`there is no kind "${text}"; there are ${KIND_NAMES.join(', ')}`);
}

function readName(text: string): string {
  const problem = problemOfName(text);
  if (problem !== undefined) throw wrongUse(`the name "${text}" ${problem}`);
  return text;
}

function listText(color: boolean): string {
  const width = Math.max(...KIND_NAMES.map((kind) => kind.length));
  return KIND_NAMES.map((kind, i) => {
    const name = kind.padEnd(width);
    return `${String(i + 1).padStart(2)}  ${color ? styleText('bold', name) : name}  ${KINDS[kind].does}\n`;
  }).join('');
}

function doneText({ kind, name, folder }: Plan, files: readonly string[], io: Io): string {
  const place = path.relative(io.cwd, folder);
  const steps = [
    ...(place === '' ? [] : [[`cd ${/^[\w@./\\-]+$/.test(place) ? place : JSON.stringify(place)}`, ''] as const]),
    ['npm install', ''] as const,
    ['npm test', 'builds it, and holds it to the laws of its kind'] as const,
  ];
  const column = Math.max(...steps.map(([command]) => command.length)) + 3;
  const bold = (text: string): string => (io.color ? styleText('bold', text) : text);
  return `${bold(name)}, ${KINDS[kind].one}: ${files.length} files are written. Next:
${steps.map(([command, what]) => `  ${command.padEnd(column)}${what}`.trimEnd()).join('\n')}
Then change src/plugin.ts; README.md says how to use it.
`;
}
