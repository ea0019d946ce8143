import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it, test } from 'vitest';
import type { Io } from '../src/io.ts';
import { KIND_NAMES } from '../src/kinds.ts';
import { main } from '../src/main.ts';
import { writePackage } from '../src/write.ts';
import { temporary } from './generate.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What was shown on the terminal: the questions. */
  readonly asked: string;
}

interface Terminal {
  /** Answers, typed one after each question; `undefined` ends the input. */
  readonly answers: readonly (string | undefined)[];
  readonly stop?: AbortController;
}

async function create(args: readonly string[], cwd: string, terminal?: Terminal): Promise<Ran> {
  const [out, err, asked]: [string[], string[], string[]] = [[], [], []];
  const [input, output] = [new PassThrough(), new PassThrough()];
  const left = [...(terminal?.answers ?? [])];
  output.on('data', (chunk: Buffer) => {
    asked.push(String(chunk));
    if (!/[?)] ?:? ?$|: $/.test(String(chunk))) return;
    if (left.length === 0) return terminal?.stop?.abort();
    const answer = left.shift();
    if (answer === undefined) input.end();
    else input.write(`${answer}\n`);
  });
  const io: Io = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    color: false,
    interactive: terminal !== undefined,
    input,
    output,
    cwd,
    signal: terminal?.stop?.signal ?? new AbortController().signal,
  };
  const code = await main(args, io);
  return { code, out: out.join(''), err: err.join(''), asked: asked.join('') };
}

const nameIn = (folder: string): string => JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).name;

it('writes a package and says what comes next', async () => {
  using folder = temporary();
  const { code, out, err } = await create(['--kind', 'actuator', '--name', '@acme/auspex-scaler'], folder.path);
  expect([code, err]).toEqual([0, '']);
  expect(out).toBe(`@acme/auspex-scaler, an actuator: 10 files are written. Next:
  cd auspex-scaler
  npm install
  npm test           builds it, and holds it to the laws of its kind
Then change src/plugin.ts; README.md says how to use it.
`);
  expect(readdirSync(folder.path)).toEqual(['auspex-scaler']);
  expect(readdirSync(path.join(folder.path, 'auspex-scaler')).sort()).toEqual([
    '.gitignore',
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'package.json',
    'src',
    'test',
    'tsconfig.json',
  ]);
});

it('writes into an empty folder that is there, also the one it stands in, and one that holds a repository', async () => {
  using folder = temporary();
  const own = path.join(folder.path, 'auspex-own');
  mkdirSync(path.join(own, '.git'), { recursive: true });
  const { code, out } = await create(['.', '--kind', 'store', '--yes'], own);
  expect(code).toBe(0);
  expect(out).not.toContain('cd ');
  expect(nameIn(own)).toBe('auspex-own');
  expect(
    readdirSync(own)
      .filter((name) => name.startsWith('.'))
      .sort(),
  ).toEqual(['.git', '.gitignore']);
});

it('makes the folders above', async () => {
  using folder = temporary();
  expect((await create(['a/b c/scaler', '--kind', 'source', '--name', 'scaler'], folder.path)).out).toContain('cd "a/b c/scaler"');
  expect(nameIn(path.join(folder.path, 'a/b c/scaler'))).toBe('scaler');
});

test.each([
  [['--kind', 'actator'], 'there is no kind "actator"; did you mean actuator?'],
  [['--kind', 'xyzzy'], `there is no kind "xyzzy"; there are ${KIND_NAMES.join(', ')}`],
  [['--kind', '0'], 'there is no kind "0"'],
  [['--kind', 'store', '--name', 'My Store'], 'the name "My Store" has capital letters: npm takes lower case only'],
  [['--kind', 'store', '--name', '../store'], 'the name "../store" has a part that begins with "."'],
  [['--kind', 'store'], 'there is no terminal to ask on: add --name <name>'],
  [['x'], 'there is no terminal to ask on: add --kind <kind> and --name <name>'],
  [['--yes', '--kind', 'store'], 'with --yes nothing is asked: add --name <name>'],
  [['--yes', '--kind', 'store', 'My Folder'], 'with --yes nothing is asked: add --name <name>'],
  [['--knd', 'store'], "Unknown option '--knd'"],
  [['--kind'], "Option '--kind <value>' argument missing"],
  [['a', 'b', '--kind', 'store', '--name', 'a'], 'one folder, please: a, b are 2'],
])('%j is wrong use, and writes nothing', async (args, message) => {
  using folder = temporary();
  const { code, out, err } = await create(args, folder.path);
  expect(err).toContain(message);
  expect(err).toContain('--help');
  expect([code, out, readdirSync(folder.path)]).toEqual([2, '', []]);
});

it('refuses a folder that holds something, says what, and leaves it alone', async () => {
  using folder = temporary();
  for (let n = 0; n < 10; n++) writeFileSync(path.join(folder.path, `file-${n}`), '');
  const { code, err } = await create(['.', '--kind', 'store', '--name', 'a'], folder.path);
  expect(err).toContain('. is not empty: it holds file-0, file-1, file-2, file-3, file-4, file-5, file-6, file-7 and 2 more');
  expect([code, readdirSync(folder.path).length]).toEqual([2, 10]);
  expect((await create(['file-1', '--kind', 'store', '--name', 'a'], folder.path)).err).toContain('file-1 is a file');
  // Before anything is asked.
  expect(await create(['.'], folder.path, { answers: [] })).toMatchObject({ code: 2, asked: '' });
});

it('asks for what is missing, again where an answer is wrong, and takes the usual for none', async () => {
  using folder = temporary();
  const { code, asked, err } = await create([], folder.path, { answers: ['predicter', '4', 'Not Good', ''] });
  expect(code).toBe(0);
  expect(err).toContain('did you mean predictor?');
  expect(err).toContain('has capital letters');
  expect(asked).toContain('Name of the package? (auspex-my-predictor): ');
  expect(nameIn(path.join(folder.path, 'auspex-my-predictor'))).toBe('auspex-my-predictor');
  const second = await create(['auspex-other', '--kind', 'alert-sink'], folder.path, { answers: [''] });
  expect(second.code).toBe(0);
  expect(nameIn(path.join(folder.path, 'auspex-other'))).toBe('auspex-other');
});

test.each([
  ['Ctrl-C', { answers: ['store'], stop: new AbortController() }],
  ['the end of the input', { answers: ['store', undefined] }],
])('%s while it asks leaves nothing', async (_, terminal) => {
  using folder = temporary();
  const { code, err } = await create([], folder.path, terminal);
  expect(err).toBe('\nnothing was written\n');
  expect([code, readdirSync(folder.path)]).toEqual([130, []]);
});

it('leaves nothing where writing fails', () => {
  using folder = temporary();
  writeFileSync(path.join(folder.path, 'file'), '');
  expect(() => writePackage({ kind: 'store', name: 'a', folder: path.join(folder.path, 'file', 'below') })).toThrow();
  // A name too long for the folder itself, not for those above, which are made first.
  const long = path.join(folder.path, 'new', 'deep', 'x'.repeat(254));
  expect(() => writePackage({ kind: 'store', name: 'a', folder: long })).toThrow('ENAMETOOLONG');
  const above = path.join(folder.path, 'new', 'x'.repeat(300), 'deep');
  expect(() => writePackage({ kind: 'store', name: 'a', folder: above })).toThrow('ENAMETOOLONG');
  expect(readdirSync(folder.path)).toEqual(['file']);
});

it('an unexpected failure ends with 1', async () => {
  using folder = temporary();
  writeFileSync(path.join(folder.path, 'file'), '');
  const { code, err } = await create(['file/below', '--kind', 'store', '--name', 'a'], folder.path);
  expect(err).toContain('; nothing was written');
  expect(code).toBe(1);
});

it('--list tells of every kind, --help of every flag, and both write nothing', async () => {
  using folder = temporary();
  const { code, out } = await create(['--list'], folder.path);
  expect(code).toBe(0);
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/)[1]),
  ).toEqual(KIND_NAMES);
  const help = await create(['-h', '--kind', 'store', '--name', 'a'], folder.path);
  for (const flag of ['--kind', '--name', '--yes', '--list', '--help']) expect(help.out).toContain(flag);
  expect(existsSync(path.join(folder.path, 'a'))).toBe(false);
});
