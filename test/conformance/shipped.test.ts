import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from '@auspex/contracts';
import { catalogue } from '@auspex/preset';
import { type MakeSubject, runLaws, type Subject } from '@auspex/testkit';
import { expect, test } from 'vitest';
import { openClient } from '../../packages/stores/src/lmdb/client.ts';
import { VERSION_KEY } from '../../packages/stores/src/lmdb/keys.ts';
import { fleetSubject } from './fleet.ts';

/* Every bundled plugin keeps the laws of its kind, with each set of options that changes how it works. */

const root = fileURLToPath(new URL('../..', import.meta.url));

function folder(): string {
  return mkdtempSync(path.join(tmpdir(), 'auspex-laws-'));
}

const DAY = Date.UTC(2026, 0, 5);
/** A line of an access log: Mon, 05 Jan 2026 00:00:00 GMT is 05/Jan/2026:00:00:00 +0000. */
function clf(at: number, n: number): string {
  const [, day, month, year, time] = new Date(at).toUTCString().split(' ');
  return `10.0.0.${n} - user${n} [${day}/${month}/${year}:${time} +0000] "GET /shop/${n % 5} HTTP/1.1" 200 ${100 * n}`;
}
const LINES = {
  'access-log': clf,
  csv: (at: number, n: number) => `${new Date(at).toISOString()},${n},web`,
  ndjson: (at: number, n: number) => JSON.stringify({ at: new Date(at).toISOString(), kind: 'request', group: 'web', user: `u${n}` }),
} as const;

function fileSubject(plugin: Plugin, options: object = {}): MakeSubject {
  const id = plugin.id as keyof typeof LINES;
  return () => {
    const at = folder();
    const head = id === 'csv' ? ['timestamp,value,group'] : [];
    const lines = Array.from({ length: 40 }, (_, n) => LINES[id](DAY + n * 30_000, n + 1));
    const write = (name: string, content: readonly string[]): string => {
      writeFileSync(path.join(at, name), `${[...head, ...content].join('\n')}\n`);
      return path.join(at, name);
    };
    return {
      plugin,
      with: { files: [write('whole', lines)], batch: 7, ...options },
      events: 40,
      down: { files: [path.join(at, 'absent')], ...options },
      malformed: { files: [write('odd', [...lines.slice(0, 20), 'not;a record', ...lines.slice(20)])], ...options },
      close: () => rmSync(at, { recursive: true, force: true }),
    } as Subject;
  };
}

const alone =
  (plugin: Plugin, options: object = {}, more: object = {}): MakeSubject =>
  () =>
    ({ plugin, with: options, ...more }) as Subject;

function lmdbSubject(plugin: Plugin): MakeSubject {
  return () => {
    const at = folder();
    return {
      plugin,
      with: { path: at },
      newer: async () => {
        const raw = await openClient(at);
        raw.transactionSync(() => raw.putSync(VERSION_KEY, Buffer.from('2')));
        await raw.close();
      },
      close: () => rmSync(at, { recursive: true, force: true }),
    } as Subject;
  };
}

/** By id: each way of making one, under a name. */
const SUBJECTS: Readonly<Record<string, (plugin: Plugin) => Readonly<Record<string, MakeSubject>>>> = {
  'access-log': (plugin) => ({ whole: fileSubject(plugin) }),
  csv: (plugin) => ({ whole: fileSubject(plugin) }),
  ndjson: (plugin) => ({ whole: fileSubject(plugin) }),
  group: (plugin) => ({ rules: alone(plugin, { rule: { pathPrefix: 1 } }) }),
  session: (plugin) => ({ defaults: alone(plugin) }),
  behavior: (plugin) => ({ defaults: alone(plugin) }),
  seasonal: (plugin) => ({ 'a minute': alone(plugin, {}, { stepMs: 60_000 }), 'a quarter': alone(plugin) }),
  'hmm-regime': (plugin) => ({ 'a quarter': alone(plugin), 'an hour': alone(plugin, {}, { stepMs: 3_600_000 }) }),
  'boosted-trees': (plugin) => ({ quick: alone(plugin, { trees: 5, fewestSteps: 200 }) }),
  rnn: (plugin) => ({ quick: alone(plugin, { steps: 25, maxWindows: 500, batch: 32, backend: 'own' }) }),
  seed: (plugin) => ({ defaults: alone(plugin) }),
  tiered: (plugin) => ({
    defaults: alone(plugin),
    preset: alone(plugin, { floor: 'reactive', leadQuantile: 0.9 }),
    flat: alone(plugin, { tiers: [] }),
  }),
  sensitivity: (plugin) => ({ defaults: alone(plugin), quick: alone(plugin, { prior: 1, perDay: 0.5, halfLife: 7, groups: 2 }) }),
  quantile: (plugin) => ({
    defaults: alone(plugin),
    preset: alone(plugin, { floor: 'reactive' }),
    dear: alone(plugin, { price: 100 }),
  }),
  reactive: (plugin) => ({
    defaults: alone(plugin),
    quick: alone(plugin, { stabilisation: '1m', tolerance: 0 }),
    panic: alone(plugin, { panic: {} }),
  }),
  pinned: (plugin) => ({
    office: alone(plugin, { schedules: [{ days: ['mon'], from: '08:00', to: '20:00', zone: 'Europe/Berlin', units: 9 }] }),
    // Inside its windows from the first step of the laws on.
    always: alone(plugin, {
      schedules: [
        { from: '00:00', to: '24:00', min: 3 },
        { pools: ['web'], from: '22:00', to: '06:00', max: 12 },
      ],
    }),
    bare: alone(plugin, { schedules: [{ dates: ['2026-01-05'], from: '00:00', to: '24:00', units: 11 }], otherwise: 'min' }),
  }),
  audience: (plugin) => ({ defaults: alone(plugin), quick: alone(plugin, { warmUp: '15m', window: 2, evidence: 1 }) }),
  combined: (plugin) => ({ defaults: alone(plugin) }),
  shape: (plugin) => ({ defaults: alone(plugin) }),
  residual: (plugin) => ({ defaults: alone(plugin) }),
  composition: (plugin) => ({ defaults: alone(plugin) }),
  regime: (plugin) => ({ defaults: alone(plugin) }),
  'static-peak': (plugin) => ({ units: alone(plugin, { units: 7 }) }),
  simulated: (plugin) => ({ fleet: () => fleetSubject(plugin) as Subject }),
  memory: (plugin) => ({ defaults: alone(plugin) }),
  lmdb: (plugin) => ({ directory: lmdbSubject(plugin) }),
};
/** Those whose laws need a server or a file format of their own: where they are held to them; by kind and id where another kind has the id, too. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'access-log-stdin': 'the reader of access-log',
  'ndjson-stdin': 'the reader of ndjson',
  remote: 'test/conformance/remote.test.ts',
  'brain-lstm': 'packages/models-rnn/test/brain/plugin.test.ts',
  auth: 'packages/sources/test/auth.test.ts',
  kafka: 'packages/sources/test/kafka.test.ts',
  http: 'packages/sources/test/http.test.ts',
  prometheus: 'packages/sources/test/prometheus.test.ts',
  synthetic: 'packages/sources/test/synthetic.test.ts',
  geo: 'packages/sources/test/geo-bot.test.ts',
  bot: 'packages/sources/test/geo-bot.test.ts',
  segment: 'packages/sources/test/segment.test.ts',
  ical: 'packages/calendars/test/laws.test.ts',
  'json-calendar': 'packages/calendars/test/laws.test.ts',
  'http-calendar': 'packages/calendars/test/laws.test.ts',
  holidays: 'packages/calendars/test/laws.test.ts',
  kubernetes: 'packages/actuators/test/kubernetes.test.ts',
  keda: 'packages/actuators/test/keda.test.ts',
  'external-metrics': 'packages/actuators/test/external-metrics-target.test.ts',
  aws: 'packages/actuators/test/aws.test.ts',
  haproxy: 'packages/actuators/test/haproxy.test.ts',
  redfish: 'packages/actuators/test/redfish.test.ts',
  process: 'packages/actuators/test/process.test.ts',
  systemd: 'packages/actuators/test/systemd.test.ts',
  webhook: 'packages/actuators/test/webhook.test.ts',
  'alertSink webhook': 'packages/alerts/test/sink/laws.test.ts',
  alertmanager: 'packages/alerts/test/sink/laws.test.ts',
  slack: 'packages/alerts/test/sink/laws.test.ts',
  pagerduty: 'packages/alerts/test/sink/laws.test.ts',
  smtp: 'packages/alerts/test/sink/laws.test.ts',
  log: 'packages/alerts/test/sink/laws.test.ts',
  'traffic-control': 'packages/actuators/test/traffic-control.test.ts',
  mongo: 'packages/stores/test/mongo.test.ts',
  cassandra: 'packages/stores/test/cassandra.test.ts',
};
/** A shared source is dealt out by a broker: its laws are those of the hand-over, see there. */
const SHARED = ['kafka'];

const cases = catalogue
  .filter((plugin) => !(plugin.id in ELSEWHERE))
  .flatMap((plugin) =>
    Object.entries(SUBJECTS[plugin.id]?.(plugin) ?? { none: undefined }).map(
      ([name, make]) => [`${plugin.kind} ${plugin.id}, ${name}`, make] as const,
    ),
  );

test.each(Object.entries(ELSEWHERE).filter(([id, at]) => at.endsWith('.ts') && !SHARED.includes(id)))(
  '%s is held to the laws in %s',
  (_, at) => {
    expect(readFileSync(path.join(root, at), 'utf8')).toMatch(/runLaws\(|keepsLaws\(|testLaws\(/);
  },
);

test.each(cases)(
  '%s keeps the laws of its kind',
  async (_, make) => {
    if (!make) throw new Error('this bundled plugin has no subject: add one to SUBJECTS');
    const verdict = await runLaws(make);
    const broken = verdict.results.filter((result) => result.outcome === 'broken');
    expect(broken.map(({ law, seen }) => `${law}: ${seen}`)).toEqual([]);
    expect(verdict.passed).toBe(true);
  },
  60_000,
);
