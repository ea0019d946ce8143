// Python and Go for the examples: found, or made once and kept in the user's cache.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';

const EXAMPLES = fileURLToPath(new URL('../examples', import.meta.url));
const CACHE = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'auspex');

export const PREDICTOR = path.join(EXAMPLES, 'python-predictor', 'predictor.py');

type Found = { readonly program: string } | { readonly missing: string };

function run(program: string, args: readonly string[], cwd?: string): { ok: boolean; text: string } {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', ...(cwd === undefined ? {} : { cwd }) });
  return { ok: status === 0, text: error?.message ?? `${stdout}${stderr}`.trim().split('\n').slice(-3).join(' | ') };
}

/** A Python that has grpc: AUSPEX_PYTHON, or one of our own with what requirements.txt names. */
function findPython(): Found {
  const hasGrpc = (program: string): boolean => run(program, ['-c', 'import grpc, google.protobuf']).ok;
  const given = process.env['AUSPEX_PYTHON'];
  if (given !== undefined && hasGrpc(given)) return { program: given };
  const folder = path.join(CACHE, 'python-remote');
  const program = path.join(folder, 'bin', 'python');
  if (hasGrpc(program)) return { program };
  const made = run('python3', ['-m', 'venv', folder]);
  if (!made.ok) return { missing: `no Python with venv: ${made.text}` };
  const requirements = path.join(EXAMPLES, 'python-predictor', 'requirements.txt');
  const installed = run(program, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  return installed.ok ? { program } : { missing: `grpc for Python cannot be installed: ${installed.text}` };
}

/** The Go example as a program, built when its sources changed. */
function buildGo(): Found {
  const folder = path.join(EXAMPLES, 'go-actuator');
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(go|mod|sum)$/.test(file));
  for (const file of files.sort()) hash.update(`${file}\0`).update(readFileSync(path.join(folder, file)));
  const program = path.join(CACHE, `go-actuator-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return { program };
  mkdirSync(CACHE, { recursive: true });
  const fresh = `${program}.${process.pid}`;
  const built = run('go', ['build', '-trimpath', '-o', fresh, '.'], folder);
  if (!built.ok) return { missing: `the Go example cannot be built: ${built.text}` };
  // Whole or not at all: another run may look for it at the same time.
  renameSync(fresh, program);
  return { program };
}

const once = new Map<() => Found, Found>();

function need(find: () => Found, context: TestContext): string {
  const found = once.get(find) ?? find();
  once.set(find, found);
  if ('program' in found) return found.program;
  if (process.env['CI'] === 'true') throw new Error(found.missing);
  process.stderr.write(`skipped: ${found.missing}\n`);
  context.skip(found.missing);
  throw new Error('skipped');
}

export const needPython = (context: TestContext): string => need(findPython, context);
export const needGo = (context: TestContext): string => need(buildGo, context);
