#!/usr/bin/env node
// Makes @tensorflow/tfjs-node work from npm and PyPI alone: its own install script downloads libtensorflow from a storage
// bucket, which not every machine reaches. `--help` says how to use it.
//
// tfjs-node is a small C++ addon over the C API of TensorFlow. The wheel `tensorflow-cpu` carries the same C API in
// libtensorflow_cc.so.2, needs no Python to run, and comes by pip; the addon is compiled against it here.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const TENSORFLOW = '2.15.1';
/** Version of tfjs-node that this recipe was tried with. */
const TFJS = '4.22.0';
/** What a first run takes on the disk of the cache: wheel and its two libraries before they are stripped. */
const ROOM = 1.1e9;

const HELP = `Makes @tensorflow/tfjs-node work where its own download is out of reach.

  npm install --ignore-scripts @tensorflow/tfjs-node@${TFJS}
  npx auspex-install-tfjs-node [DIR] [--tensorflow ${TENSORFLOW}] [--force]

DIR           folder from which @tensorflow/tfjs-node is found: your project, or a package of a workspace. Default: here.
--tensorflow  version of the wheel tensorflow-cpu that libtensorflow is taken from, 2.12 or newer. Default ${TENSORFLOW}.
--force       build again, even where it works already.

Needs: Linux with glibc on x64, python3 with pip, and for the first run g++ and the headers of Node (node_api.h).
PYTHON        the Python to use.   NODE_INCLUDE  folder that holds node_api.h.   CXX  the compiler. Default g++.
What is downloaded is kept in \${XDG_CACHE_HOME:-~/.cache}/auspex/libtensorflow/VERSION (440 MB), outside the project: do not
delete it while tfjs-node is used. A second run finds everything there, or only proves that it works.`;

/** Takes the two libraries and the headers of the C API out of a wheel. */
const UNPACK = `
import pathlib, shutil, sys, zipfile
wheel, out = sys.argv[1], pathlib.Path(sys.argv[2])
root = "tensorflow/include/"
headers = tuple(root + part for part in ("tensorflow/c/", "tensorflow/core/platform/", "tensorflow/tsl/", "tsl/", "xla/tsl/c/"))
libraries = ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name in libraries:
            to = out / "lib" / name.rsplit("/", 1)[1]
        elif name.startswith(headers) and name.endswith(".h"):
            to = out / "include" / name[len(root):]
        else:
            continue
        to.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as source, open(to, "wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
`;

/** Says what is wrong and what to do, and ends. */
function fail(what, remedy, detail = '') {
  if (detail) console.error(detail.trimEnd());
  console.error(`auspex-install-tfjs-node: ${what}`);
  if (remedy) console.error(`  ${remedy}`);
  process.exit(1);
}

/** Runs a command; its last lines and the remedy are printed where it fails. */
function run(command, args, what, remedy, options = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26, ...options });
  if (status === 0) return stdout;
  const said = `${stderr ?? ''}`.trim().split('\n').slice(-15).join('\n');
  if (/no space left on device|disk quota exceeded/i.test(said))
    fail(`${what}: the disk is full`, `Make room: ${cache} needs 1.1 GB.`, said);
  fail(`${what}: ${error ? error.message : signal ? `ended by ${signal}` : `exit code ${status}`}`, remedy, said);
}

let parsed;
try {
  parsed = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      force: { type: 'boolean' },
      tensorflow: { type: 'string', default: TENSORFLOW },
    },
  });
  if (parsed.positionals.length > 1) throw new Error(`one folder at most, not ${parsed.positionals.join(' ')}`);
  if (!/^\d+\.\d+\.\d+$/.test(parsed.values.tensorflow)) throw new Error(`--tensorflow ${parsed.values.tensorflow} is no version`);
} catch (error) {
  console.error(`auspex-install-tfjs-node: ${error.message}\n\n${HELP}`);
  process.exit(2);
}
const { help, force, tensorflow } = parsed.values;
if (help) {
  console.log(HELP);
  process.exit(0);
}

const dir = path.resolve(parsed.positionals[0] ?? '.');
const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'auspex', 'libtensorflow', tensorflow);
const pack = findPackage();
const version = JSON.parse(readFileSync(path.join(pack, 'package.json'), 'utf8')).version;
if (version !== TFJS)
  console.error(`auspex-install-tfjs-node: tried with tfjs-node ${TFJS}; this is ${version}, which may need another way`);

const before = force ? undefined : prove();
if (before?.works && (before.tensorflow === tensorflow || tensorflow === TENSORFLOW)) done(before);
if (process.platform !== 'linux' || process.arch !== 'x64' || !process.report.getReport().header.glibcVersionRuntime) {
  fail(
    `no recipe for ${process.platform} on ${process.arch}${process.platform === 'linux' ? ' with this C library' : ''}`,
    'Use the own install script of tfjs-node: npm rebuild @tensorflow/tfjs-node',
  );
}
if (!existsSync(path.join(cache, 'lib'))) fetchLibrary();
const addon = path.join(cache, `addon-${version}`, 'tfjs_binding.node');
if (force || !existsSync(addon)) compile();
link();
const after = prove();
if (!after.works) fail('built, but it does not work', 'Try again with --force, or with another --tensorflow.', after.said);
done(after);

function done(proof) {
  console.log(`tfjs-node ${version} on TensorFlow ${proof.tensorflow}, Node ${process.version}: works (2 × 3 + 1 × 5 = ${proof.product})`);
  process.exit(0);
}

/** The real folder of the package, as `dir` sees it. */
function findPackage() {
  if (!existsSync(dir)) fail(`${dir} does not exist`);
  try {
    return realpathSync(path.dirname(createRequire(path.join(dir, 'x.js')).resolve('@tensorflow/tfjs-node/package.json')));
  } catch {
    return fail(`@tensorflow/tfjs-node is not installed in ${dir}`, `npm install --ignore-scripts @tensorflow/tfjs-node@${TFJS}`);
  }
}

/** Loads tfjs-node in a process of its own, as a program would, and multiplies by TensorFlow. */
function prove() {
  const program = `
    const util = require('node:util');
    util.isNullOrUndefined ??= (v) => v === null || v === undefined; // gone in Node 23
    util.isArray ??= Array.isArray;
    const tf = require(process.argv[1]);
    const product = tf.matMul([[2, 1]], [[3], [5]]).dataSync()[0];
    console.log(JSON.stringify({ product, backend: tf.getBackend(), tensorflow: tf.backend().binding.TF_Version }));`;
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', program, pack], { encoding: 'utf8', env });
  let seen = {};
  if (status === 0) seen = JSON.parse(stdout.trim().split('\n').at(-1));
  return { works: seen.product === 11 && seen.backend === 'tensorflow', said: `${stderr}`, ...seen };
}

/** Puts libtensorflow and its headers into the cache. Built beside it and renamed: what is there is always whole. */
function fetchLibrary() {
  mkdirSync(path.dirname(cache), { recursive: true });
  const { bavail, bsize } = statfsSync(path.dirname(cache));
  if (bavail * bsize < ROOM) {
    const free = Math.round((bavail * bsize) / 1e6);
    fail(`${path.dirname(cache)}: ${free} MB free, 1,100 MB are needed`, 'Make room, or set XDG_CACHE_HOME to a folder on another disk.');
  }
  const python = findPython();
  const making = mkdtempSync(`${cache}.making-`);
  process.on('exit', () => rmSync(making, { recursive: true, force: true }));
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  console.log(`taking libtensorflow from the wheel tensorflow-cpu ${tensorflow}`);
  // Any one Python will do: the library that we take has nothing of it. 3.11 has wheels from 2.12 on.
  const platforms = ['manylinux2014_x86_64', 'manylinux_2_17_x86_64', 'manylinux_2_27_x86_64'].flatMap((name) => ['--platform', name]);
  const kind = ['--no-deps', '--only-binary=:all:', '--implementation', 'cp', '--python-version', '3.11', '--abi', 'cp311', ...platforms];
  run(
    python,
    ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', ...kind, '--dest', making, `tensorflow-cpu==${tensorflow}`],
    `pip could not download tensorflow-cpu ${tensorflow}`,
    'Look at the network and at the package index that pip is set to; "no matching distribution" means another --tensorflow.',
    // Beside the cache, too, where there is room: /tmp is small on many machines.
    { env: { ...process.env, TMPDIR: making } },
  );
  const wheel = readdirSync(making).find((name) => name.endsWith('.whl'));
  const whole = path.join(making, 'whole');
  run(python, ['-c', UNPACK, path.join(making, wheel), whole], 'the wheel could not be unpacked', 'Try again.');
  const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
  if (libraries.some((name) => !existsSync(path.join(whole, 'lib', name)))) {
    fail(`tensorflow-cpu ${tensorflow} carries no libtensorflow_cc.so.2`, `Use 2.12 or newer, such as --tensorflow ${TENSORFLOW}.`);
  }
  // A quarter smaller; without `strip` it works as well.
  spawnSync('strip', ['--strip-unneeded', ...libraries.map((name) => path.join(whole, 'lib', name))]);
  symlinkSync('libtensorflow_cc.so.2', path.join(whole, 'lib', 'libtensorflow.so'));
  symlinkSync('libtensorflow_framework.so.2', path.join(whole, 'lib', 'libtensorflow_framework.so'));
  try {
    renameSync(whole, cache);
  } catch (error) {
    // Another run was faster.
    if (!existsSync(path.join(cache, 'lib'))) fail(`${cache} could not be made: ${error.message}`, 'Remove it and try again.');
  }
  rmSync(making, { recursive: true, force: true });
}

function findPython() {
  const own = path.join(path.dirname(path.dirname(cache)), 'python', 'bin', 'python');
  const names = process.env.PYTHON ? [process.env.PYTHON] : ['python3', 'python', own];
  const there = names.filter((name) => spawnSync(name, ['--version']).status === 0);
  const python = there.find((name) => spawnSync(name, ['-m', 'pip', '--version']).status === 0);
  if (python) return python;
  if (there.length > 0)
    return fail(`${there[0]} has no pip`, 'Install it (Debian: apt-get install python3-pip), or name a Python that has by PYTHON=.');
  return fail(`no Python (${names.join(', ')})`, 'Install it (Debian: apt-get install python3 python3-pip), or name one by PYTHON=.');
}

function findHeaders() {
  const bin = path.dirname(realpathSync(process.execPath));
  const places = [
    process.env.NODE_INCLUDE,
    process.env.npm_config_nodedir && path.join(process.env.npm_config_nodedir, 'include', 'node'),
    path.join(bin, '..', 'include', 'node'),
    '/usr/include/node',
    '/usr/local/include/node',
    path.join(os.homedir(), '.cache', 'node-gyp', process.versions.node, 'include', 'node'),
  ];
  try {
    places.push(createRequire(path.join(dir, 'x.js'))('node-api-headers').include_dir);
  } catch {}
  const found = places.find((place) => place && existsSync(path.join(place, 'node_api.h')));
  if (found) return found;
  const remedy = 'Name their folder by NODE_INCLUDE=, or install them (Debian: libnode-dev; or npm install node-api-headers).';
  return fail('no headers of Node (node_api.h)', remedy);
}

/** Compiles the two C++ files of the addon. Node-API 8: one build serves Node 18 and newer. */
function compile() {
  const compiler = process.env.CXX || 'g++';
  if (spawnSync(compiler, ['--version']).status !== 0) {
    fail(`no C++ compiler (${compiler})`, 'Install it (Debian: apt-get install g++; Fedora: dnf install gcc-c++), or name one by CXX=.');
  }
  const headers = findHeaders();
  mkdirSync(path.dirname(addon), { recursive: true });
  const making = `${addon}.${process.pid}`;
  const lib = path.join(cache, 'lib');
  const defines = ['-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding', '-DBUILDING_NODE_EXTENSION'];
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => path.join(pack, 'binding', name));
  const includes = [headers, pack, path.join(cache, 'include')].flatMap((place) => ['-I', place]);
  console.log('compiling the addon');
  run(
    compiler,
    // biome-ignore format: one line a purpose
    [
      '-std=c++17', '-O2', '-fPIC', '-shared', ...defines, ...includes, ...sources,
      '-L', lib, '-ltensorflow', '-ltensorflow_framework', `-Wl,-rpath,${lib}`, '-o', making,
    ],
    'the addon did not compile',
    'Look at the first error above; an old compiler must know C++17 (g++ 9 or newer).',
  );
  renameSync(making, addon);
}

/**
 * Puts library and addon where tfjs-node looks. Its files may be hard links into a package manager's store: nothing is
 * written to in place, only added, or replaced by a rename.
 */
function link() {
  try {
    const deps = path.join(pack, 'deps');
    if (lstatSync(deps, { throwIfNoEntry: false })) rmSync(deps, { recursive: true });
    symlinkSync(cache, deps);
    const to = path.join(pack, 'lib', 'napi-v8');
    mkdirSync(to, { recursive: true });
    const making = path.join(to, `tfjs_binding.node.${process.pid}`);
    copyFileSync(addon, making);
    renameSync(making, path.join(to, 'tfjs_binding.node'));
  } catch (error) {
    fail(`${pack} could not be written to: ${error.message}`, 'Run as the user who owns the folder.');
  }
}
