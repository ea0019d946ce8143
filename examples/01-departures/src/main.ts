import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { use } from '@auspex/core';
import { type ReplayInput, type ReplayReport, replay, reportHtml, reportTerminal } from '@auspex/evaluate';
import { hmmRegime, preset, rnn, seasonal } from '@auspex/preset';
import { AIRPORTS } from './airports.ts';
import { type Crowd, departures } from './source.ts';

const HOUR = 3_600_000;
/** Three weeks are replayed; all before them is history. */
const FROM = Date.UTC(2001, 5, 10, 4);
const TO = Date.UTC(2001, 6, 1, 4);
/** One crew checks in four departures an hour, when it never rests. */
const UNIT_RATE = 4 / 3600;

const CROWD: Crowd = { airport: 'ORD', from: Date.UTC(2001, 5, 20, 19), to: Date.UTC(2001, 5, 20, 22), factor: 2.5, seed: 2001 };

function input(title: string, airports: readonly string[], notes: readonly string[], crowd?: Crowd): ReplayInput {
  const config = preset({
    step: '30m',
    lateness: '0s',
    zone: { default: 'America/Chicago', pops: AIRPORTS },
    sources: [use(departures, { airports: [...airports], ...(crowd ? { crowd } : {}) })],
    // The default engine, with a network that trains on fewer windows: a demonstration should not make anybody wait.
    predictors: [use(seasonal), { ...use(hmmRegime), for: 'pools' }, { ...use(rnn, { maxWindows: 1200, steps: 100 }), for: 'pools' }],
    pools: airports.map((airport) => ({
      id: `${airport} check-in`,
      pop: airport,
      unitRate: UNIT_RATE,
      leadTime: '30m',
      max: 100,
      importances: { '* long-haul': 3, '* domestic': 2 },
    })),
  });
  const standIn =
    'Departures stand in for passengers, and a pool for the check-in crews of one airport: the data count flights, nothing else.';
  return {
    config,
    title,
    source: 'US departures 2001 (npm: vega-datasets, US DOT)',
    from: FROM,
    to: TO,
    notes: [standIn, ...notes],
    onProgress: progress,
  };
}

let shown = 0;
function progress(phase: string, step: number): void {
  if (!process.stderr.isTTY || step - shown < 6 * HOUR) return;
  shown = step;
  process.stderr.write(`\r\u001B[2K${phase} ${new Date(step).toISOString().slice(0, 10)}`);
}

function show(report: ReplayReport, file: string): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[2K');
  const color = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
  process.stdout.write(`${reportTerminal(report, { color, width: process.stdout.columns ?? 110 })}\n`);
  writeFileSync(file, reportHtml(report));
  process.stdout.write(`charts: ${path.relative(process.cwd(), file)}\n\n`);
}

const folder = path.resolve(process.argv[2] ?? 'reports');
mkdirSync(folder, { recursive: true });

const plain = await replay(input('Check-in crews at five airports, the last three weeks of June 2001', Object.keys(AIRPORTS), []));
show(plain.report, path.join(folder, 'departures.html'));

shown = 0;
const note = `A flash crowd was laid over the data: at ${CROWD.airport}, 20 June 2001, 14:00 to 17:00 local time, each departure counts 1 + Poisson(${CROWD.factor - 1}) times, seed ${CROWD.seed}.`;
const crowded = await replay(input('Chicago alone, the same three weeks with a made-up flash crowd', [CROWD.airport], [note], CROWD));
show(crowded.report, path.join(folder, 'departures-flash-crowd.html'));
