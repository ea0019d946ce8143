import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type ActuatorSubject, runLaws } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { bricksApi } from './api.ts';
import { FAULTS, type Fault } from './faults.ts';
import { subject, subjectOf } from './subject.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const source = await readFile(join(HERE, 'actuator.ts'), 'utf8');

/** The plugin with a fault. Its copy lies beside the original, from where its imports resolve, and only until it is imported. */
const pluginWith = async ({ find, replace }: Fault): Promise<ActuatorSubject['plugin']> => {
  const parts = source.split(find);
  expect(parts, `"${find}" is there exactly once`).toHaveLength(2);
  const folder = await mkdtemp(join(HERE, '.faults-'));
  try {
    const file = join(folder, 'actuator.ts');
    await writeFile(file, parts.join(replace));
    return ((await import(pathToFileURL(file).href)) as { bricks: ActuatorSubject['plugin'] }).bricks;
  } finally {
    await rm(folder, { recursive: true });
  }
};

describe('an actuator written from the docs alone', () => {
  it('is one file of fewer than 60 lines', () => {
    expect(source.split('\n').length - 1).toBeLessThan(60);
  });

  it('keeps every law, with none skipped but those of leases, which it has not', async () => {
    const { passed, results } = await runLaws(subject);
    expect(results.filter(({ outcome }) => outcome !== 'holds').map(({ seen }) => seen)).toEqual([
      'it declares lease: none',
      'it declares lease: none',
    ]);
    expect(results.length).toBeGreaterThan(10);
    expect(passed).toBe(true);
  });

  it('gets its verdict from auspex check in less than ten seconds', async () => {
    const start = performance.now();
    const check = ['packages/cli/dist/bin.js', 'check', './test/newcomer/subject.ts'];
    // Rejects where it ends with anything but 0.
    const { stdout } = await promisify(execFile)(process.execPath, check, { cwd: ROOT, env: { ...process.env, NO_COLOR: '1' } });
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(stdout).toContain('bricks (actuator)');
    expect(stdout).toMatch(/^\d+ hold, 0 broken, 2 skipped/m);
  }, 30_000);
});

describe('a planted fault breaks the law that names it, and no other', () => {
  for (const fault of FAULTS)
    it(fault.fault, async () => {
      const plugin = await pluginWith(fault);
      const { results } = await runLaws(() => subjectOf(plugin));
      expect(results.filter(({ outcome }) => outcome === 'broken').map(({ law }) => law)).toEqual([fault.law]);
      expect(results.filter(({ outcome }) => outcome === 'skipped')).toHaveLength(2);
    });
});

it('the fake API does as it is described', async () => {
  const api = await bricksApi();
  const ask = async (path: string, key: string, job?: object): Promise<unknown[]> => {
    const init = job ? { method: 'POST', body: JSON.stringify(job) } : {};
    const response = await fetch(`${api.url}${path}`, { ...init, headers: { 'x-api-key': key } });
    return [response.status, await response.json()];
  };
  try {
    expect((await ask('/v1/sites/web', 'a wrong one'))[0]).toBe(401);
    expect(await ask('/v1/jobs', api.apiKey, { site: 'web', percent: 35 })).toEqual([202, { job: 'job-1', site: 'web', percent: 35 }]);
    expect(await ask('/v1/sites/web', api.apiKey)).toEqual([200, { site: 'web', percent: 35, warm: 10 }]);
    api.settle('web');
    expect(await ask('/v1/sites/web', api.apiKey)).toEqual([200, { site: 'web', percent: 35, warm: 35 }]);
    api.fail(true);
    expect((await ask('/v1/jobs', api.apiKey, { site: 'web', percent: 40 }))[0]).toBe(503);
    expect([api.state('web'), api.changes()]).toEqual([{ units: 7, ready: 7 }, 2]);
  } finally {
    await api.close();
  }
});
