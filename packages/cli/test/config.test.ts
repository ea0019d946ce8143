import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { configWarnings, parseConfig } from '@auspex/core';
import { catalogue } from '@auspex/preset';
import { describe, expect, it } from 'vitest';
import { findConfig, loadConfig } from '../src/load-config.ts';
import { auspex, folder, logText, write } from './tools.ts';

const cwd = folder();
const SOURCES = 'sources: [{ use: csv, with: { files: [a.csv] } }]\n';
const POOLS = 'pools: [{ id: web, unitRate: 50 }]\n';

/** File name, content, and what the error has to say. */
const BROKEN: readonly (readonly [what: string, name: string, content: string, says: readonly string[]])[] = [
  ['an unknown key', 'key.yaml', `setp: 1m\n${SOURCES}${POOLS}`, ['CONFIG_INVALID', 'key.yaml: setp', 'did you mean "step"?']],
  [
    'an unknown plugin',
    'plugin.yaml',
    `sources: [{ use: acess-log }]\n${POOLS}`,
    ['PLUGIN_UNKNOWN', 'plugin.yaml: sources[0]', '"access-log"'],
  ],
  ['a step that divides no hour', 'step.yaml', `step: 7m\n${SOURCES}${POOLS}`, ['STEP_INVALID', 'step.yaml: step', 'divides an hour']],
  ['a zone that is none', 'zone.yaml', `zone: Mars/Olympus\n${SOURCES}${POOLS}`, ['ZONE_UNKNOWN', 'zone.yaml: zone', 'Europe/Berlin']],
  [
    'two problems',
    'two.yaml',
    `${SOURCES}pools: [{ id: web, unitRat: 50 }]\n`,
    ['2 things are wrong', '- pools[0].unitRate: is missing', '- pools[0].unitRat'],
  ],
  ['a syntax error in YAML', 'syntax.yaml', 'sources: [\n  a: b\npools: {', ['CONFIG_UNREADABLE', 'syntax.yaml:3:1']],
  ['a syntax error in JSON', 'syntax.json', '{"sources": [,]}', ['CONFIG_UNREADABLE', 'syntax.json', 'not valid JSON']],
  [
    'a syntax error in TypeScript',
    'syntax.ts',
    'export default {\n  sources: [\n};\n',
    ['CONFIG_UNREADABLE', 'syntax.ts:3', 'Correct the syntax'],
  ],
  [
    'a package that is missing',
    'missing.ts',
    "import x from 'no-such-thing/part';\nexport default x;\n",
    ['CONFIG_UNREADABLE', 'npm install no-such-thing'],
  ],
  ['a file that throws', 'throws.ts', "throw new Error('boom');\n", ['CONFIG_UNREADABLE', 'throws.ts: boom', 'Read the cause']],
  ['no object', 'number.ts', 'export default 3;\n', ['CONFIG_UNREADABLE', 'does not hold', 'auspex init']],
  ['an empty file', 'empty.yaml', '', ['CONFIG_UNREADABLE', 'empty.yaml', 'auspex init']],
];

describe('a config with', () => {
  it.each(BROKEN)('%s is refused with its place', async (_what, name, content, says) => {
    write(cwd, name, content);
    const ran = await auspex(cwd, ['run', '--config', name]);
    for (const text of says) expect(ran.err).toContain(text);
    expect(ran.code).toBe(3);
    expect(ran.err).not.toMatch(/\n {4}at |Require stack/);
  });

  it('no file is refused', async () => {
    const ran = await auspex(cwd, ['run', '--config', 'nothere.yaml']);
    expect(ran).toMatchObject({ code: 3, err: expect.stringContaining('nothere.yaml: there is no such file') });
  });
});

describe('loadConfig', () => {
  const TS = "import { accessLog, preset } from '@auspex/preset';\nimport { use } from '@auspex/core';\n";
  const BODY = `export default preset({ sources: [use(accessLog, { files: ['a.log'] })], pools: [{ id: 'web', unitRate: 50 }] });\n`;

  it('reads TypeScript, YAML and JSON alike', async () => {
    write(cwd, 'same.ts', TS + BODY);
    write(cwd, 'same.yaml', `sources: [{ use: access-log, with: { files: [a.log] } }]\n${POOLS}`);
    write(cwd, 'same.json', '{"sources":[{"use":"access-log","with":{"files":["a.log"]}}],"pools":[{"id":"web","unitRate":50}]}');
    const configs = await Promise.all(['same.ts', 'same.yaml', 'same.json'].map((name) => loadConfig(path.join(cwd, name))));
    expect(configs.map((config) => config.pools)).toEqual(Array(3).fill([{ id: 'web', unitRate: 50 }]));
    expect(configs.every((config) => config.predictors?.length === 4)).toBe(true);
  });

  it('lends its own packages to a config in a folder without any', async () => {
    const bare = mkdtempSync(path.join(os.tmpdir(), 'auspex-'));
    try {
      const config = await loadConfig(write(bare, 'auspex.config.ts', TS + BODY));
      expect(config.pools[0]?.id).toBe('web');
    } finally {
      rmSync(bare, { recursive: true });
    }
  });

  it('refuses to choose between two configs of one folder', () => {
    const own = folder();
    write(own, 'auspex.config.yaml', '');
    expect(findConfig(own, undefined)).toBe(path.join(own, 'auspex.config.yaml'));
    write(own, 'auspex.config.ts', '');
    expect(() => findConfig(own, undefined)).toThrow(/two configs: auspex.config.ts and auspex.config.yaml/);
    expect(findConfig(own, 'auspex.config.ts')).toBe(path.join(own, 'auspex.config.ts'));
  });
});

describe('init', () => {
  it('writes a config that runs, and refuses to overwrite it', async () => {
    const own = folder();
    write(own, 'access.log', logText(600));
    const ran = await auspex(own, ['init', '--yes', '--zone', 'Europe/Berlin', '--unit-rate', '2']);
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('auspex backtest ');
    const config = await loadConfig(path.join(own, 'auspex.config.ts'));
    expect(config).toMatchObject({ zone: 'Europe/Berlin', pools: [{ id: 'web', unitRate: 2, leadTime: '5m' }] });
    expect(await auspex(own, ['init', '--yes'])).toMatchObject({ code: 2, err: expect.stringContaining('--force') });
    expect(await auspex(own, ['init', '--yes', '--yaml'])).toMatchObject({ code: 2, err: expect.stringContaining('another config') });
    const other = folder();
    expect(await auspex(other, ['init', '--yes', '--yaml'])).toMatchObject({ code: 0 });
    expect((await loadConfig(path.join(other, 'auspex.config.yaml'))).pools[0]).toMatchObject({ unitRate: 50 });
  });

  it.each([
    ['--unit-rate', 'abc'],
    ['--lead-time', 'soon'],
    ['--zone', 'Mars/Olympus'],
  ])('refuses %s %s', async (option, value) => {
    const ran = await auspex(folder(), ['init', '--yes', option, value]);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(`${option}: "${value}"`);
  });

  it('says that the log is not there yet', async () => {
    const ran = await auspex(folder(), ['init', '--yes', '--log', "it's.log"]);
    expect(ran.err).toContain("it's.log is not there yet");
    expect(ran.code).toBe(0);
  });

  it('shows alerts that are right as they stand', async () => {
    const sinks = [{ with: { urls: ['http://127.0.0.1:9093'] } }, { with: { urlEnv: 'SLACK_WEBHOOK' }, atLeast: 'page' }];
    for (const [name, comment, ...flags] of [
      ['auspex.config.yaml', '# ', '--yaml'],
      ['auspex.config.ts', '// '],
    ] as const) {
      const own = folder();
      await auspex(own, ['init', '--yes', ...flags]);
      const file = path.join(own, name);
      const [head = '', ...lines] = readFileSync(file, 'utf8').split(`${comment}alerts:`);
      const section = `alerts:${lines.join('')}`.replaceAll(`\n${comment}`, '\n').replaceAll(`\n  ${comment}`, '\n  ');
      writeFileSync(file, head.replace('import { accessLog', 'import { accessLog, alertmanager, slack') + section);
      const config = await loadConfig(file);
      expect(config.alerts?.sinks).toMatchObject(sinks);
      expect(() => parseConfig(config, catalogue)).not.toThrow();
    }
  });
});

describe('the example of docs/alerts.md', () => {
  it('is right, and each of its rules can fire', async () => {
    const page = readFileSync(new URL('../../../docs/alerts.md', import.meta.url), 'utf8');
    const file = write(folder(), 'auspex.config.yaml', /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
    const config = parseConfig(await loadConfig(file), catalogue);
    expect(Object.keys(config.settings.alerts.rules)).toContain('checkout');
    expect(configWarnings(config)).toEqual([]);
  });
});
