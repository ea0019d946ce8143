import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { has } from '../../servers/process.ts';

/* examples/06-aws as its README says: the config of that folder against moto. */

const SCRIPT = fileURLToPath(new URL('../../../examples/06-aws/try.mjs', import.meta.url));

test('the config of examples/06-aws raises the minimum of a group and of a service, and says when it comes back', async ({
  skip,
  onTestFinished,
}) => {
  const python = process.env['PYTHON'] ?? 'python3';
  if (!(await has(python, '-c', 'import ensurepip')) && process.env['CI'] !== 'true')
    return skip('moto comes from PyPI, and there is no Python with venv');
  const folder = mkdtempSync(path.join(tmpdir(), 'auspex-example-aws-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT], { env: { ...process.env, NO_COLOR: '1', TMPDIR: folder } });
  expect(stdout).toMatch(/^ok +pools\[0\]\.actuator\(aws\) .*pool web: 2 units ordered, 2 ready$/m);
  expect(stdout).toMatch(/^ok +pools\[1\]\.actuator\(aws\) .*pool api: 2 units ordered/m);
  expect(stdout).toMatch(/, 0 failed$/m);
  const [, was = '', is = ''] = stdout.split(/^before$|^after$/m);
  expect(was.trim().split(/\n */)).toEqual(['web-asg      minimum 2, desired 2', 'default/api  minimum 2']);
  const web = Number(/web-asg +minimum (\d+), desired \1$/m.exec(is)?.[1]);
  const api = Number(/default\/api +minimum (\d+)$/m.exec(is)?.[1]);
  expect(web, is).toBeGreaterThan(2);
  expect(api, is).toBeGreaterThan(2);
  expect(is).toContain(`tag auspex:lease  units=${web} original=2 `);
  // Two steps after that of the order, and at most three from now.
  const back = Date.parse(/auspex-restore {2}minimum 2 at (\S+)$/m.exec(is)?.[1] ?? '');
  expect(back - Date.now(), is).toBeGreaterThan(0);
  expect(back - Date.now(), is).toBeLessThan(180_000);
  expect(is).toMatch(/auspex-restore {2}minimum 2 at\(\S+\)$/m);
  expect(readdirSync(folder).filter((name) => name.startsWith('auspex-'))).toEqual([]);
  // The first time moto is installed.
}, 240_000);
