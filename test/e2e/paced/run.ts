import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs a script from its sources. It ends when this process does. */
export function run(script: URL, args: readonly string[], cwd = ROOT): ChildProcess {
  const file = fileURLToPath(script);
  return spawn(process.execPath, ['--conditions=source', '--import', import.meta.resolve('tsx'), file, ...args], {
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, TSX_TSCONFIG_PATH: `${ROOT}/tsconfig.test.json`, NO_COLOR: '1' },
  });
}
