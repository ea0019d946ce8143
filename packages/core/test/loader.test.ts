import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AuspexConfig, AuspexError, defineActuator, defineConfig, type Plugin, use } from '@auspex/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createEngine, loadPlugins, parseConfig } from '../src/index.ts';
import { fakeConfig } from './fakes.ts';

let folder = '';
let from = '';

function file(name: string, text: string): void {
  const at = path.join(folder, name);
  mkdirSync(path.dirname(at), { recursive: true });
  writeFileSync(at, text);
}

const actuator = (id: string, options = '{}'): string => `defineActuator({
  id: '${id}', summary: 's', capabilities: { lease: 'none' },
  config: z.strictObject(${options}),
  create: (options, { logger }) => ({
    actuate: async (order) => { logger.info(options, 'ordered'); return { key: order.key, pool: order.pool, status: 'applied', units: order.units, ready: order.units } },
    read: async () => ({ units: 1, ready: 1 }),
  }),
})`;
const head = `import { defineActuator, definePredictor } from '@auspex/contracts';\nimport { z } from 'zod';\n`;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'auspex-loader-'));
  from = path.join(folder, 'auspex.config.json');
  const packages = fileURLToPath(new URL('../..', import.meta.url));
  mkdirSync(path.join(folder, 'node_modules/@auspex'), { recursive: true });
  symlinkSync(path.join(packages, 'contracts'), path.join(folder, 'node_modules/@auspex/contracts'));
  symlinkSync(path.join(packages, 'contracts/node_modules/zod'), path.join(folder, 'node_modules/zod'));
  // Exports under the import condition alone, as many packages have it.
  const manifest = (name: string, rest = ''): string =>
    `{"name":"${name}","version":"3.1.0","type":"module","exports":{".":{"import":"./index.js"}}${rest}}`;
  file('node_modules/@acme/scaler/package.json', manifest('@acme/scaler'));
  file(
    'node_modules/@acme/scaler/index.js',
    `${head}export const fleet = ${actuator('fleet', "{ site: z.string().describe('Where.') }")};`,
  );
  file('node_modules/auspex-two/package.json', manifest('auspex-two'));
  file('node_modules/auspex-two/index.js', `${head}export const one = ${actuator('one')}; export const two = ${actuator('two')};`);
  const peer = ',"peerDependencies":{"@auspex/contracts":"^2.0.0"}';
  file('node_modules/@acme/future/package.json', manifest('@acme/future', peer));
  file(
    'node_modules/@acme/future/index.js',
    `${head}const now = ${actuator('future')};\nexport default Object.freeze({ ...now, contract: 2 });`,
  );
  file('node_modules/@acme/lookalike/package.json', manifest('@acme/lookalike'));
  file('node_modules/@acme/lookalike/index.js', `export default { kind: 'actuator', id: 'x', contract: 1, create() {} };`);
  file('node_modules/@acme/lacking/package.json', manifest('@acme/lacking'));
  file('node_modules/@acme/lacking/index.js', `import 'no-such-sdk';\nexport default 1;`);
  file('broken.mjs', `throw new Error('boom at import');`);
  file('local.mjs', `${head}export default ${actuator('local')};`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function config(actuators: readonly unknown[], more: object = {}): AuspexConfig {
  const pools = actuators.map((each, index) => ({ id: `p${index}`, unitRate: 1, actuator: each }));
  return { ...fakeConfig([], { pools: pools as never }), ...more } as AuspexConfig;
}

async function problems(input: unknown, more: object = {}): Promise<AuspexError[]> {
  const error = await loadPlugins(input, { from, ...more }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AuspexError)) throw new Error(`expected an AuspexError, got ${String(error)}`);
  return Array.isArray(error.cause) ? (error.cause as AuspexError[]) : [error];
}

test('a plugin is found by package, by name among several, and by file; its options are parsed once and frozen', async () => {
  const input = config([
    { use: '@acme/scaler', with: { site: 'ams' } },
    { use: 'auspex-two#two' },
    { use: './local.mjs' },
    { use: path.join(folder, 'local.mjs') },
  ]);
  const { actuators } = parseConfig(await loadPlugins(input, { from }));
  expect([...actuators.values()].map(({ plugin, path: at }) => `${plugin.id} ${at}`)).toEqual([
    'fleet pools[0].actuator(fleet)',
    'two pools[1].actuator(two)',
    'local pools[2].actuator(local)',
    'local pools[3].actuator(local)',
  ]);
  const options = actuators.get('p0')?.options as { site: string };
  expect(options).toEqual({ site: 'ams' });
  expect(Object.isFrozen(options)).toBe(true);
});

test('everything that is wrong with a config is reported at once, each with its path and remedy', async () => {
  const found = await problems(
    config(
      [
        { use: '@acme/absent' },
        { use: '@acme/future' },
        { use: '@acme/lookalike' },
        { use: 'auspex-two' },
        { use: '@acme/scaler', with: { sight: 'ams' } },
        { use: './broken.mjs' },
        { use: '@acme/lacking' },
        { use: 'auspex-two#three' },
        { use: './nowhere.mjs' },
        { use: 'simulatd' },
      ],
      { stepp: '1m', predictors: [{ use: '@acme/scaler' }] },
    ),
  );
  const seen = found.map(({ code, path: at }) => `${code} ${at}`);
  expect(seen).toEqual([
    'CONFIG_INVALID stepp',
    'PLUGIN_INVALID predictors[0]',
    'PLUGIN_NOT_FOUND pools[0].actuator',
    'PLUGIN_VERSION pools[1].actuator',
    'PLUGIN_INVALID pools[2].actuator',
    'PLUGIN_INVALID pools[3].actuator',
    'CONFIG_INVALID pools[4].actuator(fleet).site',
    'CONFIG_INVALID pools[4].actuator(fleet).sight',
    'PLUGIN_FAILED pools[5].actuator',
    'PLUGIN_NOT_FOUND pools[6].actuator',
    'PLUGIN_INVALID pools[7].actuator',
    'PLUGIN_NOT_FOUND pools[8].actuator',
    'PLUGIN_UNKNOWN pools[9].actuator',
  ]);
  const at = (place: string): AuspexError => found.find((error) => error.path?.startsWith(place)) as AuspexError;
  expect(at('pools[0]').remedy).toBe('Install it beside the config: npm install @acme/absent');
  expect(at('pools[1]').message).toContain('"future" of @acme/future 3.1.0 was built for contract 2; this engine has contract 1');
  expect(at('pools[1]').remedy).toContain('Contract 1 is @auspex/contracts ^0.1.0');
  expect(at('pools[1]').remedy).toContain('this one asks for ^2.0.0');
  expect(at('pools[3]').remedy).toBe('Say which: auspex-two#one');
  expect(at('pools[6]').message).toContain('@acme/lacking imports "no-such-sdk"');
  expect(at('predictors').message).toContain('#fleet (actuator "fleet")');
  expect(found.every((error) => error.remedy.length > 10)).toBe(true);
});

test('whatever a module, a schema or a name is, its slot alone is told, and the others are looked at', async () => {
  file('null.mjs', 'throw null;');
  file('text.mjs', "throw 'just text';");
  file('hangs.mjs', 'await new Promise(() => setTimeout(() => undefined, 60_000).unref()); export default 1;');
  file('folder/index.js', '');
  file('async.mjs', `${head}export default ${actuator('lazy', "{ a: z.string().default('x').refine(async () => true) }")};`);
  file(
    'throws.mjs',
    `${head}export default ${actuator('throws', "{ a: z.string().default('x').transform(() => { throw new Error('no such file'); }) }")};`,
  );
  file('odd.mjs', `${head}const { capabilities, ...rest } = ${actuator('odd')};\nexport default Object.freeze(rest);`);
  file('node_modules/@acme/cjs/package.json', '{"name":"@acme/cjs","version":"1.0.0","main":"index.cjs"}');
  file('node_modules/@acme/cjs/index.cjs', 'module.exports = { nothing: 1 };');
  const names = [
    './null.mjs',
    './text.mjs',
    './hangs.mjs',
    './folder',
    'https://acme.example/p.js',
    'node:fs',
    'C:\\plugins\\a.js',
    './async.mjs',
    './throws.mjs',
    './odd.mjs',
    '@acme/cjs',
  ];
  const found = await problems(config([...names.map((name) => ({ use: name })), { use: '@acme/absent' }]), { importLimitMs: 300 });
  const at = (n: number): string => `${found.find((error) => error.path?.startsWith(`pools[${n}]`))?.message}`;
  expect(found.length).toBe(names.length + 1);
  expect(at(0)).toContain('throws when it is imported: null');
  expect(at(1)).toContain('throws when it is imported: just text');
  expect(at(2)).toContain('no answer within 300 ms');
  expect(at(3)).toContain('./folder is a folder');
  expect(at(4)).toContain('plugins are not loaded from https:');
  expect(at(5)).toContain('plugins are not loaded from node:');
  expect(at(6)).toContain('there is no file');
  expect(at(7)).toContain('its schema throws');
  expect(at(8)).toContain('its schema throws: no such file');
  expect(at(9)).toContain('declares no capabilities');
  expect(at(10)).toContain('exports no actuator');
});

test('options are parsed once, and what a host hands in stays as it is', async () => {
  file(
    'counting.mjs',
    `${head}export let parsed = 0;\nexport const counted = ${actuator('counted', "{ id: z.string().default('').transform((text) => text + ++parsed) }")};`,
  );
  const loaded = await loadPlugins(config([{ use: './counting.mjs#counted' }]), { from });
  const options = [parseConfig(loaded), parseConfig(loaded)].map((each) => each.actuators.get('p0')?.options);
  expect(options).toEqual([{ id: '1' }, { id: '1' }]);
  const [pool] = loaded.pools as unknown as [{ id: string; unitRate: number; actuator: object }];
  const changed = { ...loaded, pools: [{ ...pool, actuator: { ...pool.actuator, with: { id: 'other' } } }] } as never;
  expect(parseConfig(changed).actuators.get('p0')?.options).toEqual({ id: 'other2' });
  const holding = defineActuator({
    id: 'holding',
    summary: 's',
    config: z.strictObject({ client: z.custom<{ open: boolean }>(), list: z.array(z.number()) }),
    capabilities: { lease: 'none' },
    create: () => ({ actuate: async () => ({}) as never, read: async () => ({ units: 0, ready: 0 }) }),
  });
  const client: { open: boolean; self?: unknown; big?: bigint } = { open: false, big: 1n };
  client.self = client;
  const resolved = parseConfig(config([use(holding, { client, list: [1] })]));
  const own = resolved.actuators.get('p0')?.options as { client: object; list: number[] };
  client.open = true;
  expect(own.client).toBe(client);
  expect(Object.isFrozen(own) && Object.isFrozen(own.list)).toBe(true);
});

test('configs that differ in a map, a set or an expression hash differently', () => {
  const any = defineActuator({
    id: 'any',
    summary: 's',
    config: z.strictObject({ value: z.unknown() }),
    capabilities: { lease: 'none' },
    create: () => ({ actuate: async () => ({}) as never, read: async () => ({ units: 0, ready: 0 }) }),
  });
  const hash = (value: unknown): string => parseConfig(config([use(any, { value })])).hash;
  const values = [new Map([[1, 2]]), new Map([[3, 4]]), new Set([1]), new Set([2]), /a/, /b/, Number.NaN, null, 1n, Uint8Array.of(1)];
  expect(new Set(values.map(hash)).size).toBe(values.length);
  expect(hash(new Map([[1, 2]]))).toBe(hash(new Map([[1, 2]])));
});

test('an engine that is handed an unloaded config says how to load it', () => {
  expect(() => createEngine(config([{ use: '@acme/scaler' }]), { mode: 'shadow' })).toThrow(/has to be imported first/);
});

test('isolation is refused where there is nothing to load elsewhere, and passed on where there is', async () => {
  const value = defineActuator({
    id: 'v',
    summary: 's',
    config: z.strictObject({}),
    capabilities: { lease: 'none' },
    create: () => ({ actuate: async () => ({}) as never, read: async () => ({ units: 0, ready: 0 }) }),
  });
  const byValue = config([{ ...use(value), isolation: 'process' }]);
  expect((await problems(byValue)).map((error) => error.code)).toEqual(['SUPPORT']);
  expect(() => parseConfig(byValue)).toThrow(/isolation: process is not to be had/);
  const named = config([{ use: './local.mjs', isolation: 'process' }]);
  expect((await problems(named)).map((error) => error.remedy)).toEqual(['Give loadPlugins `isolate` of @auspex/remote.']);
  expect((await problems(config([{ use: './local.mjs', isolation: 'jail' }]))).map((error) => error.code)).toEqual(['CONFIG_INVALID']);
  const asked: string[] = [];
  const loaded = await loadPlugins(named, {
    from,
    isolate: ({ plugin, module, exported }): Plugin => {
      asked.push(`${plugin.id} ${path.basename(module)} ${exported}`);
      return plugin;
    },
  });
  expect(asked).toEqual(['local local.mjs default']);
  expect(parseConfig(loaded).actuators.get('p0')?.plugin.id).toBe('local');
});

test('a schema that cannot be asked, and a plugin without one, are refused by name', () => {
  const odd = { ...(fakeConfig([]).store as { use: object }).use, config: undefined };
  expect(() => parseConfig({ ...fakeConfig([]), store: { use: odd } })).toThrow(/lacks create or config/);
});

test('in TypeScript a wrong option of a plugin of somebody else, and a plugin of a wrong kind, do not compile', () => {
  const fleet = defineActuator({
    id: 'fleet',
    summary: 's',
    config: z.strictObject({ site: z.string(), zones: z.int().default(1) }),
    capabilities: { lease: 'none' },
    create: () => ({ actuate: async () => ({}) as never, read: async () => ({ units: 0, ready: 0 }) }),
  });
  const pool = { id: 'web', unitRate: 1 };
  const wrong = (): AuspexConfig[] => [
    // @ts-expect-error an option that it does not have
    { ...fakeConfig([]), pools: [{ ...pool, actuator: use(fleet, { site: 'ams', sight: 1 }) }] },
    // @ts-expect-error an option of the wrong type
    { ...fakeConfig([]), pools: [{ ...pool, actuator: use(fleet, { site: 'ams', zones: 'two' }) }] },
    // @ts-expect-error a needed option is missing
    { ...fakeConfig([]), pools: [{ ...pool, actuator: use(fleet) }] },
    // @ts-expect-error an actuator where a source is needed
    { ...fakeConfig([]), sources: [use(fleet, { site: 'ams' })] },
    // @ts-expect-error a key that the engine does not have
    defineConfig({ ...fakeConfig([]), stepp: '1m' }),
  ];
  const right: AuspexConfig = { ...fakeConfig([]), pools: [{ ...pool, actuator: use(fleet, { site: 'ams' }) }] };
  expect(wrong).toBeTypeOf('function');
  expect(parseConfig(right).actuators.get('web')?.options).toEqual({ site: 'ams', zones: 1 });
});
