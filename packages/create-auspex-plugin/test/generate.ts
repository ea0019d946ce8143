import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kind } from '../src/kinds.ts';
import { writePackage } from '../src/write.ts';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COMPILER = path.join(ROOT, 'node_modules/typescript-7/bin/tsc');

/** A folder that is gone when the test is over. */
export function temporary(): { readonly path: string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'create-auspex-plugin-'));
  return { path: folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Writes a package and puts the workspace's packages where `npm install` would have put the published ones. */
export function generate(kind: Kind, name: string, folder: string): void {
  writePackage({ kind, name, folder });
  const modules = path.join(folder, 'node_modules');
  mkdirSync(path.join(modules, '@auspex'), { recursive: true });
  mkdirSync(path.join(modules, '@types'));
  for (const own of ['contracts', 'testkit']) link(path.join(ROOT, 'packages', own), path.join(modules, '@auspex', own));
  link(path.join(ROOT, 'node_modules/@types/node'), path.join(modules, '@types/node'));
  link(path.join(ROOT, 'node_modules/zod'), path.join(modules, 'zod'));
}

/** A link to a folder, as a package manager makes it. */
export function link(folder: string, at: string): void {
  symlinkSync(folder, at, 'junction');
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
}

export function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const child = spawn(command, args, { cwd, env: { ...env, NO_COLOR: '1' } });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      out += chunk;
    });
    child.on('error', reject).on('close', (code) => resolve({ code, out }));
  });
}

/** `npm run build`. */
export function compileSources(folder: string): Promise<Ended> {
  return run(process.execPath, [COMPILER], folder);
}

/** What `npm test` does of its two compilations: the package, and its tests. */
export async function compile(folder: string): Promise<Ended> {
  const built = await compileSources(folder);
  return built.code === 0 ? run(process.execPath, [COMPILER, '-p', 'test'], folder) : built;
}

/** What `npm test` does after that. */
export function runTests(folder: string): Promise<Ended> {
  const tests = readdirSync(path.join(folder, 'build'))
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => path.join('build', name));
  return run(process.execPath, ['--test', '--test-reporter=tap', ...tests], folder);
}
