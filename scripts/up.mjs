// One entry for a fresh checkout: needs Node and npm, nothing else.
//   node scripts/up.mjs demo [args]   install what is missing, build, run the demo
//   node scripts/up.mjs test [args]   install what is missing, build, run the tests
//   node scripts/up.mjs auspex args   the same for the command that users install
// Also: install, check, format, docs, api, bench CASE.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node 20.19 or newer is needed; this is ${process.version}.`);
  process.exit(1);
}

function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) console.error(String(error));
  if (status !== 0) process.exit(status ?? (signal ? 1 : 0));
}

/** The pinned pnpm, by way of the npm that came with Node; corepack is not needed. */
function pnpm(...args) {
  const pinned = manifest.packageManager.split('+')[0];
  const npmCli = process.env.npm_execpath;
  const exec = ['exec', '--yes', `--package=${pinned}`, '--', 'pnpm', ...args];
  if (npmCli?.endsWith('npm-cli.js')) run(process.execPath, [npmCli, ...exec]);
  else run('npm', exec, { shell: process.platform === 'win32' });
}

/** The file of one of the workspace's own tools, run with this very node. */
function tool(name, args) {
  const bin = path.join(root, 'node_modules', ...name.split('/'));
  const own = JSON.parse(readFileSync(path.join(bin, 'package.json'), 'utf8')).bin;
  const file = typeof own === 'string' ? own : (own[name.split('/').pop()] ?? Object.values(own)[0]);
  run(process.execPath, [path.join(bin, file), ...args]);
}

function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${major} ${root}`);
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'];
  for (const folder of ['packages', 'examples']) {
    for (const name of readdirSync(path.join(root, folder)).sort()) files.push(`${folder}/${name}/package.json`);
  }
  for (const file of files) {
    if (existsSync(path.join(root, file))) hash.update(file).update(readFileSync(path.join(root, file)));
  }
  return hash.digest('hex');
}

function install() {
  const stamp = path.join(root, 'node_modules', '.cache', 'installed');
  const now = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return;
  pnpm('install', '--frozen-lockfile', '--prefer-offline');
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
}

function build() {
  tool('typescript-7', ['-b']);
}

/** Packs each package as it would be published, and reads the tarballs as a stranger would. */
function checkPacks() {
  const packs = path.join(root, 'node_modules', '.cache', 'packs');
  rmSync(packs, { recursive: true, force: true });
  for (const name of readdirSync(path.join(root, 'packages'))) {
    pnpm('--dir', path.join('packages', name), 'pack', '--pack-destination', packs);
  }
  for (const pack of readdirSync(packs)) {
    tool('publint', ['run', path.join(packs, pack), '--strict']);
    tool('@arethetypeswrong/cli', [path.join(packs, pack), '--profile', 'esm-only', '--no-emoji', '--format', 'ascii']);
  }
}

const [verb, ...rest] = process.argv.slice(2);
const verbs = {
  install() {},
  demo() {
    build();
    run(process.execPath, [path.join(root, 'examples/01-departures/dist/main.js'), ...rest]);
  },
  test() {
    build();
    tool('vitest', ['run', ...rest]);
  },
  check() {
    tool('@biomejs/biome', ['ci', '.', '--diagnostic-level=warn', ...(process.stdout.isTTY ? [] : ['--colors=off'])]);
    build();
    tool('typescript-7', ['-p', 'tsconfig.test.json']);
    run(process.execPath, [path.join(root, 'scripts/docs.mjs'), '--check']);
    run(process.execPath, [path.join(root, 'scripts/api.mjs'), '--check']);
    tool('knip', []);
    tool('sherif', []);
    checkPacks();
  },
  auspex() {
    build();
    // npm runs scripts in the workspace; the command belongs to the folder it was typed in.
    run(process.execPath, [path.join(root, 'packages/cli/dist/bin.js'), ...rest], { cwd: process.env.INIT_CWD ?? root });
  },
  docs() {
    build();
    run(process.execPath, [path.join(root, 'scripts/docs.mjs'), ...rest]);
  },
  api() {
    build();
    run(process.execPath, [path.join(root, 'scripts/api.mjs'), ...rest]);
  },
  format() {
    tool('@biomejs/biome', ['check', '--write', ...(rest.length > 0 ? rest : ['.'])]);
  },
  bench() {
    const [name, ...args] = rest;
    const cases = readdirSync(path.join(root, 'bench/cases')).sort();
    if (!cases.includes(name ?? '')) {
      console.error(`usage: npm run bench -- ${cases.join('|')} [args]`);
      process.exit(2);
    }
    build();
    run(process.execPath, ['--import', 'tsx', '--conditions=source', path.join(root, 'bench/cases', name, 'main.ts'), ...args]);
  },
};
if (!Object.hasOwn(verbs, verb ?? '')) {
  console.error(`usage: node scripts/up.mjs ${Object.keys(verbs).join('|')} [args]`);
  process.exit(2);
}
install();
verbs[verb]();
