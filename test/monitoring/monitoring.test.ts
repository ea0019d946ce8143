import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type AuspexConfig, createEngine, MemoryMeter, use, VirtualClock } from '@auspex/core';
import { expect, it } from 'vitest';
import { fakeConfig, MINUTE, RecordingActuator, recording, T0, traffic } from '../../packages/core/test/fakes.ts';
import { promtoolProgram } from '../servers/recipes/prometheus.ts';
import { NotAvailable } from '../servers/server.ts';

const root = path.resolve(import.meta.dirname, '../..');
const file = (name: string): string => path.join(root, 'packages/cli/monitoring', name);
const run = promisify(execFile);

it('rules for Prometheus fire of an engine that is ill, and not of one that is well', async (context) => {
  let promtool = '';
  try {
    promtool = await promtoolProgram();
  } catch (error) {
    if (!(error instanceof NotAvailable) || process.env['CI']) throw error;
    context.skip(`promtool: ${error.message}`);
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'auspex-rules-'));
  copyFileSync(file('rules.yaml'), path.join(folder, 'rules.yaml'));
  copyFileSync(path.join(import.meta.dirname, 'rules.yaml'), path.join(folder, 'test.yaml'));
  const { stdout } = await run(promtool, ['test', 'rules', 'test.yaml'], { cwd: folder });
  expect(stdout).toContain('SUCCESS');
});

it('the board is that of the Kubernetes example', () => {
  expect(readFileSync(path.join(root, 'examples/05-kubernetes/dashboard.json'), 'utf8')).toBe(readFileSync(file('dashboard.json'), 'utf8'));
});

it('every metric that board and rules name is one that an engine with all its parts tells', async () => {
  const meter = new MemoryMeter();
  const broken = new RecordingActuator();
  const pools = [{ id: 'web', unitRate: 1, target: 1, leadTime: '2m', actuator: use(recording(broken)) }] as const;
  const config: AuspexConfig = fakeConfig(traffic(Array.from({ length: 90 }, () => 30)), { pools: [...pools] });
  const engine = createEngine(config, { mode: 'live', host: { clock: new VirtualClock(T0), meter } });
  await engine.start();
  await engine.run();
  await engine.close();
  const told = new Set([...meter.values.keys()].map((key) => key.split('{')[0]));
  const named = (text: string): string[] => [...new Set(text.match(/auspex_[a-z_]+/g) ?? [])];
  // Told of what this engine has not: sinks, detectors, several predictors, a failure, a keeper.
  const others = [
    'auspex_alerts_waiting',
    'auspex_alert_sends_total',
    'auspex_anomaly_score',
    'auspex_hostility',
    'auspex_stage_failures_total',
    'auspex_keeper_restored_total',
    'auspex_actuator_retries_total',
    'auspex_actuator_foreign_changes_total',
  ];
  for (const name of ['dashboard.json', 'rules.yaml']) {
    const unknown = named(readFileSync(file(name), 'utf8')).filter((metric) => !told.has(metric) && !others.includes(metric));
    expect(unknown, name).toEqual([]);
  }
  expect(meter.values.get('auspex_steps_total')).toBe(90);
  expect(meter.values.get('auspex_forecasts_judged_total{pool=web}')).toBe(89);
  expect(meter.values.get('auspex_decisions_total{move=none,pool=web}')).toBeGreaterThan(80);
  expect(meter.values.get('auspex_receipts_total{pool=web,status=applied}')).toBe(90);
  const phases = ['learn', 'forecast', 'decide', 'commit', 'act'].map((phase) =>
    meter.values.get(`auspex_cycle_seconds_total{phase=${phase}}`),
  );
  expect(phases.every((seconds) => (seconds as number) > 0)).toBe(true);
  expect(meter.values.get('auspex_last_step_seconds')).toBe((T0 + 90 * MINUTE) / 1000);
});
