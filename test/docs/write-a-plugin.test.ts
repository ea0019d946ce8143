import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';

/* docs/write-a-plugin.md followed to the letter: its files are written, compiled and held to the laws. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(path.join(root, 'docs/write-a-plugin.md'), 'utf8');
const folder = path.join(root, 'node_modules/.cache/write-a-plugin');
const block = (info: string): string => {
  const found = new RegExp(`^\`\`\`${info}\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1];
  if (found === undefined) throw new Error(`docs/write-a-plugin.md has no block "${info}"`);
  return found;
};

function run(...args: readonly string[]): { status: number | null; out: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, out: `${stdout}${stderr}` };
}
const compile = (): { status: number | null; out: string } => run(path.join(root, 'node_modules/typescript-7/bin/tsc'), '-p', '.');
const check = (): { status: number | null; out: string } =>
  run(path.join(root, 'packages/cli/dist/bin.js'), 'check', './dist/src/subject.js');
/** Without the times, which differ. */
const timeless = (text: string): string =>
  text
    .replace(/ +\d+ ms$/gm, '')
    .replace(/ \(\d+\.\d s\)$/m, '')
    .trim();

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'node_modules/@auspex'), { recursive: true });
  for (const name of ['contracts', 'testkit', 'preset'])
    symlinkSync(path.join(root, 'packages', name), path.join(folder, 'node_modules/@auspex', name));
  symlinkSync(path.join(root, 'packages/contracts/node_modules/zod'), path.join(folder, 'node_modules/zod'));
  symlinkSync(path.join(root, 'node_modules/@types'), path.join(folder, 'node_modules/@types'));
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: '@acme/auspex-fleet', type: 'module' }));
  const compilerOptions = {
    target: 'ES2023',
    module: 'nodenext',
    strict: true,
    outDir: 'dist',
    rootDir: '.',
    rewriteRelativeImportExtensions: true,
    types: ['node'],
    paths: { '@acme/auspex-fleet': ['./src/plugin.ts'] },
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src', 'test', '*.ts'] }));
  for (const file of ['src/plugin.ts', 'src/subject.ts', 'test/laws.test.ts', 'auspex.config.ts']) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), block(`ts file=${file}`));
  }
});

test('the files of the page compile, and auspex check prints what the page says', () => {
  expect(compile()).toEqual({ status: 0, out: '' });
  const { status, out } = check();
  expect(timeless(out)).toBe(timeless(block('text output')));
  expect(status).toBe(0);
});

test('its laws run under node:test', () => {
  const { status, out } = run('--test', '--test-reporter=spec', 'dist/test/laws.test.js');
  expect(out).toMatch(/pass 15/);
  expect(status).toBe(0);
});

test('the predictor of the README keeps its laws', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const code = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)]
    .map(([, text]) => text as string)
    .find((text) => text.includes("id: 'last-value'"));
  writeFileSync(path.join(folder, 'src/last-value.ts'), code as string);
  expect(compile()).toEqual({ status: 0, out: '' });
  const { status, out } = run(path.join(root, 'packages/cli/dist/bin.js'), 'check', './dist/src/last-value.js');
  expect(out).not.toContain('✗');
  expect(status).toBe(0);
});

test('the fault that the page plants breaks the law that it names, as it prints it', () => {
  const file = path.join(folder, 'src/plugin.ts');
  const whole = readFileSync(file, 'utf8');
  writeFileSync(file, whole.replace(/^ *if \(order\.shadow\).*\n/m, ''));
  expect(compile().status).toBe(0);
  const { status, out } = check();
  writeFileSync(file, whole);
  expect(out.match(/✗/g)?.length).toBe(1);
  expect(out).toContain(block('text broken'));
  expect(status).toBe(3);
});
