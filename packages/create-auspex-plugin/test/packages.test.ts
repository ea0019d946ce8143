import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LAWS, runLaws } from '@auspex/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KIND_NAMES, type Kind } from '../src/kinds.ts';
import { filesOf } from '../src/write.ts';
import { compile, compileSources, type Ended, generate, link, ROOT, run, runTests, temporary } from './generate.ts';

const NAME = '@acme/auspex-scaler';
const count = (out: string, what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(out)?.[1]);

const START = Date.UTC(2026, 0, 5);
const ENGINE = `
step: 15m
sources:
  - { use: '@acme/auspex-my-source', with: { file: events.ndjson } }
enrich:
  - { use: '@acme/auspex-my-enricher', with: { rules: [{ prefix: /shop, group: shop }] } }
profiler: { use: '@acme/auspex-my-profiler' }
predictors:
  - { use: '@acme/auspex-my-predictor', with: { season: 1h } }
assess: { use: '@acme/auspex-my-assessor' }
allocate: { use: '@acme/auspex-my-allocator' }
calendars:
  - { use: '@acme/auspex-my-calendar', with: { file: events.json } }
store: { use: '@acme/auspex-my-store', with: { file: store.log } }
extensions:
  - { use: '@acme/auspex-my-extension', with: { most: 4 } }
pools:
  - { id: web, unitRate: 10, leadTime: 15m, max: 50 }
`;

/** Tests of its own that a template brings beside the laws. */
const OWN: Partial<Record<Kind, number>> = { predictor: 1, detector: 1, calendar: 1, extension: 1 };

/** Laws that a template does not come under, by what is said of them. */
const SKIPPED: Partial<Record<Kind, readonly string[]>> = {
  predictor: ['it declares no batch', 'it declares no training'],
  allocator: ['it keeps no state'],
  actuator: ['it declares lease: none'],
  extension: ['it does not tap forecast, decided, receipt, failure', 'it does not tap usage'],
};

/** All kinds side by side, where `npm install` would have put them. */
let root: string;
const nameOf = (kind: Kind): string => `@acme/auspex-my-${kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
const placeOf = (kind: Kind): string => path.join(root, 'node_modules', nameOf(kind));

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'create-auspex-plugin-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('what is written', () => {
  it.concurrent.each(KIND_NAMES)(
    'builds, keeps the laws, and shows a use that compiles: %s',
    async (kind) => {
      const folder = placeOf(kind);
      generate(kind, nameOf(kind), folder);
      const [use] = [...readFileSync(path.join(folder, 'README.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)];
      writeFileSync(path.join(folder, 'test/use.ts'), use?.[1] ?? 'there is none');
      for (const own of ['core', 'preset']) link(path.join(ROOT, 'packages', own), path.join(folder, 'node_modules/@auspex', own));
      expect(await compile(folder)).toEqual({ code: 0, out: '' });

      const { code, out } = await runTests(folder);
      expect(code, out).toBe(0);
      expect(LAWS[kind].length).toBeGreaterThan(5);
      expect([count(out, 'pass'), count(out, 'tests')]).toEqual(Array(2).fill(LAWS[kind].length + (OWN[kind] ?? 0)));
    },
    60_000,
  );

  // A law that is skipped passes under a runner. One after the other: a law may put another clock into the process.
  it.each(KIND_NAMES)('has no law skipped but those that it does not come under: %s', async (kind) => {
    const { subject } = await import(path.join(placeOf(kind), 'dist/subject.js'));
    const { results } = await runLaws(subject);
    const reasons = results.filter((result) => result.outcome === 'skipped').map((result) => result.seen);
    expect([...new Set(reasons)].sort()).toEqual(SKIPPED[kind] ?? []);
  });

  it('is an engine, nine of them together, named in YAML', async () => {
    const day = Array.from({ length: 96 }, (_, n) => ({
      at: START + n * 900_000 + 1,
      resource: '/shop/a',
      count: n < 90 ? 9_000 : 90_000,
    }));
    writeFileSync(path.join(root, 'events.ndjson'), day.map((event) => JSON.stringify(event)).join('\n'));
    writeFileSync(path.join(root, 'events.json'), '[]');
    writeFileSync(path.join(root, 'auspex.config.yaml'), ENGINE);
    const ran = await auspex(root, 'run', '--decide', 'all', '--log-level', 'warn');
    expect(ran).toEqual({ code: 0, out: 'next: auspex explain, or auspex profile\n' });
    const { out } = await auspex(root, 'explain', '--at', '2026-01-05T22:45:00Z');
    expect(out).toMatch(/by ensemble\s+\(my-predictor\s+1\.00\)/);
    expect(out).toMatch(/groups +shop: score \d/);
    expect(out).toMatch(/allocate\(my-allocator\) .+, in a surge/);
    expect(out).toMatch(/4 +hook\(my-extension\) +at most 4 between 22 and 6 o'clock UTC/);
  });

  it('fails its tests where it is broken', async () => {
    using folder = temporary();
    generate('actuator', NAME, folder.path);
    change(path.join(folder.path, 'src/plugin.ts'), "if (order.shadow) return this.#receipt(order, 'shadow', signal);", '');
    expect((await compile(folder.path)).code).toBe(0);
    const { code, out } = await runTests(folder.path);
    expect([code, count(out, 'fail')]).toEqual([1, 1]);
    expect(out).toMatch(/^ +not ok \d+ - a shadow order changes nothing$/m);
    expect(out).toContain('a shadow run is started on the live fleet');
  });

  it('can be called as nothing that its code is called', async () => {
    using folder = temporary();
    // Each of these would be an export that is there already, or a word of the language.
    for (const name of ['auspex-read', 'auspex-new', 'auspex-3scale', 'auspex-options']) {
      const place = path.join(folder.path, name);
      generate('actuator', name, place);
      expect([name, await compileSources(place)]).toEqual([name, { code: 0, out: '' }]);
    }
  });

  it('leaves no placeholder', () => {
    for (const kind of KIND_NAMES)
      for (const [file, text] of filesOf(kind, NAME))
        expect([kind, file, /__[A-Z]+__|\{\{|\*\*[A-Z]+\*\*/.exec(text + file)?.[0]]).toEqual([kind, file, undefined]);
  });

  it('names the versions of this workspace', () => {
    const { dependencies, peerDependencies, devDependencies, engines } = JSON.parse(filesOf('store', NAME).get('package.json') ?? '');
    const versionOf = (folder: string): string => JSON.parse(readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8')).version;
    const own = Object.entries({ ...peerDependencies, ...devDependencies }).filter(([name]) => name.startsWith('@auspex/'));
    for (const [name, range] of own) expect([name, range]).toEqual([name, `^${versionOf(`packages/${name.slice('@auspex/'.length)}`)}`]);
    expect(dependencies).toEqual({ zod: `^${versionOf('node_modules/zod')}` });
    expect(devDependencies).toMatchObject({
      '@types/node': `^${versionOf('node_modules/@types/node')}`,
      typescript: `^${versionOf('node_modules/typescript')}`,
    });
    expect(engines).toEqual(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')).engines);
  });
});

describe('what is packed', () => {
  it('of a plugin is its code and no test, and publishes cleanly', async () => {
    using folder = temporary();
    generate('actuator', NAME, folder.path);
    await compile(folder.path);
    const packed = await npm(folder.path, 'pack', '--json');
    const [{ filename, files }] = JSON.parse(packed.out);
    expect(files.map((file: { path: string }) => file.path).sort()).toEqual([
      'LICENSE',
      'README.md',
      'dist/plugin.d.ts',
      'dist/plugin.js',
      'dist/subject.d.ts',
      'dist/subject.js',
      'package.json',
    ]);
    const tarball = path.join(folder.path, filename);
    const publint = await tool('publint/src/cli.js', ['run', tarball, '--strict'], folder.path);
    expect(publint.code, publint.out).toBe(0);
    const attw = await tool('@arethetypeswrong/cli/dist/index.js', [tarball, '--profile', 'esm-only', '--format', 'ascii'], folder.path);
    expect(attw.code, attw.out).toBe(0);

    // Installed elsewhere, without what only its author needs.
    const place = path.join(folder.path, 'user');
    const installed = path.join(place, 'node_modules', NAME);
    mkdirSync(installed, { recursive: true });
    mkdirSync(path.join(place, 'node_modules/@auspex'));
    link(path.join(ROOT, 'packages/contracts'), path.join(place, 'node_modules/@auspex/contracts'));
    link(path.join(ROOT, 'node_modules/zod'), path.join(place, 'node_modules/zod'));
    expect(await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], place)).toEqual({ code: 0, out: '' });
    const checked = await auspex(place, 'check', NAME);
    expect(checked.out).toContain(`${LAWS.actuator.length - 2} hold, 0 broken, 2 skipped`);
    expect(checked.code).toBe(0);
  });

  it('of this package are its code and every template', async () => {
    const here = path.join(ROOT, 'packages/create-auspex-plugin');
    const { out } = await npm(here, 'pack', '--dry-run', '--json', '--ignore-scripts');
    const files: string[] = JSON.parse(out)[0].files.map((file: { path: string }) => file.path);
    const templates = readdirSync(path.join(here, 'templates'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(here, path.join(entry.parentPath, entry.name)));
    expect(files.filter((file) => file.startsWith('templates/')).sort()).toEqual(templates.sort());
    expect(files.filter((file) => /^(?:src|test)\//.test(file))).toEqual([]);
    expect(files).toContain('dist/bin.js');
  });

  it('of this package runs as a command', async () => {
    using folder = temporary();
    const bin = path.join(ROOT, 'packages/create-auspex-plugin/dist/bin.js');
    const wrong = await run(process.execPath, [bin, '--kind', 'actuator'], folder.path);
    expect(wrong).toEqual({ code: 2, out: 'there is no terminal to ask on: add --name <name>\n(--help shows what there is)\n' });
    const right = await run(process.execPath, [bin, 'a', '--kind', 'actuator', '--yes'], folder.path);
    expect([right.code, readdirSync(folder.path)]).toEqual([0, ['a']]);
  });
});

function change(file: string, from: string, to: string): void {
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

function auspex(cwd: string, ...args: readonly string[]): Promise<Ended> {
  return run(process.execPath, [path.join(ROOT, 'packages/cli/dist/bin.js'), ...args], cwd);
}

function npm(cwd: string, ...args: readonly string[]): Promise<Ended> {
  return run('npm', [...args, '--loglevel=error', '--offline'], cwd);
}

function tool(file: string, args: readonly string[], cwd: string): Promise<Ended> {
  return run(process.execPath, [path.join(ROOT, 'node_modules', file), ...args], cwd);
}
