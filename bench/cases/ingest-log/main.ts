// Lines of an access log a CPU second, end to end: read, parse, group, session, usage, profiles, forecasts, decisions.
//
//   npm run bench -- ingest-log [--log FILE] [--copies 97] [--runs 5] [--json]
//
// The log is laid over itself `copies` times, each copy shifted by a few seconds, so that the whole still spans its day.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../../..');
const { values } = parseArgs({
  options: {
    log: { type: 'string', default: path.join(root, '../shared/data/access_logs/nasa_19950801_clf.log') },
    copies: { type: 'string', default: '97' },
    runs: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const STAMP = /\[(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-]\d{4})\]/;

/** Writes the overlaid log; returns its number of lines. */
function overlay(from: string, to: string, copies: number): number {
  const bySecond = new Map<number, { head: string; zone: string; tail: string }[]>();
  for (const line of readFileSync(from, 'latin1').split('\n')) {
    const match = STAMP.exec(line);
    if (!match) continue;
    const [text, day, month, year, hour, minute, second, zone] = match as unknown as string[];
    const at = Date.UTC(Number(year), MONTHS.indexOf(month as string), Number(day), Number(hour), Number(minute), Number(second)) / 1000;
    const list = bySecond.get(at) ?? [];
    list.push({ head: line.slice(0, match.index), zone: zone as string, tail: line.slice(match.index + (text as string).length) });
    bySecond.set(at, list);
  }
  const first = Math.min(...bySecond.keys());
  const last = Math.max(...bySecond.keys());
  const file = openSync(to, 'w');
  let lines = 0;
  for (let at = first; at <= last + 7 * 97; at++) {
    const date = new Date(at * 1000);
    const two = (n: number): string => String(n).padStart(2, '0');
    const stamp = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
    const chunk: string[] = [];
    for (let copy = 0; copy < copies; copy++) {
      for (const { head, zone, tail } of bySecond.get(at - 3 * copy) ?? []) chunk.push(`${head}[${stamp} ${zone}]${tail}\n`);
    }
    lines += chunk.length;
    if (chunk.length > 0) writeSync(file, chunk.join(''), null, 'latin1');
  }
  closeSync(file);
  return lines;
}

if (!existsSync(values.log)) {
  console.error(`no log at ${values.log}: name one with --log`);
  process.exit(2);
}
const folder = mkdtempSync(path.join(tmpdir(), 'auspex-bench-'));
try {
  const file = path.join(folder, 'overlaid.log');
  const lines = overlay(values.log, file, Number(values.copies));
  console.error(`${lines} lines, ${(statSync(file).size / 1e6).toFixed(0)} MB`);
  const results = Array.from({ length: Number(values.runs) }, (_, run) => {
    const child = spawnSync(process.execPath, [path.join(here, 'run.mjs'), file], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.status !== 0) throw new Error(`run ${run} failed`);
    const result = JSON.parse(child.stdout) as {
      cpu: number;
      wall: number;
      groups: number;
      steps: number;
      events: number;
      rss: number;
      parts: Record<string, number>;
    };
    console.error(
      `run ${run + 1}: ${result.cpu.toFixed(1)} CPU s, ${Math.round(result.events / result.cpu)} lines a CPU s, ${result.groups} groups, ${result.steps} steps, ${result.rss} MB`,
    );
    return result;
  });
  const sorted = results.toSorted((a, b) => a.cpu - b.cpu);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (!median) throw new Error('no run');
  const summary = {
    lines,
    groups: median.groups,
    medianLinesPerCpuSecond: Math.round(median.events / median.cpu),
    medianCpuSeconds: Number(median.cpu.toFixed(2)),
    share: median.parts,
    target: 100_000,
  };
  if (values.json) console.log(JSON.stringify(summary));
  else console.log(summary);
  process.exitCode = summary.medianLinesPerCpuSecond >= summary.target && summary.groups >= 50 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
