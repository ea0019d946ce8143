import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** One series of an evaluation set, in the form of the scorer's series.json. */
interface Entry {
  readonly series: string;
  readonly step_seconds: number;
  readonly season: number;
  readonly season2: number;
  /** Most observations before an origin that a peer may look at: eight weeks, two for steps below half an hour. */
  readonly context: number;
  readonly length: number;
  readonly origins: readonly number[];
  readonly set: 'open';
  /** What the series was taken from: series of one source are no independent evidence. */
  readonly source: string;
}

interface Cut {
  readonly name: string;
  readonly source: string;
  /** Path under the data folder. */
  readonly file: string;
  readonly group?: string;
  readonly stepMinutes: number;
  /** Values of one step are added up, or averaged where they are levels. */
  readonly by: 'sum' | 'mean';
  /** Steps kept, and how many of the file's last steps are left out before them: several cuts of one long series. */
  readonly steps: number;
  readonly before?: number;
}

const WEEK = 7 * 24;

/** Where more steps are zero than this, whole origins are, and a loss relative to the sum of outcomes says nothing. */
const MOST_ZERO = 0.8;

/** The groups of a table with columns timestamp, group, value; in the order of their first rows. */
function groupsOf(file: string): string[] {
  if (!existsSync(file)) return [];
  const groups = new Set<string>();
  for (const line of readFileSync(file, 'utf8').split('\n').slice(1, 2_000)) {
    const cells = line.split(',');
    if (cells.length > 2) groups.add(cells.slice(1, -1).join(','));
  }
  return [...groups];
}

function cuts(data: string): Cut[] {
  const hourly = { stepMinutes: 60, by: 'sum' as const, steps: 12 * WEEK };
  const all: Cut[] = [];
  const table = (name: string, source: string, file: string, before = 0): void => {
    const groups = groupsOf(path.join(data, file)).slice(0, 12);
    for (const group of groups) all.push({ ...hourly, name: name.replace('*', slug(group)), source, file, group, before });
  };
  const pedestrians = 'pedestrians_auckland/pedestrians_auckland_hourly.csv';
  table('flights_*', 'flights', 'flights_us_2001/flights_us_2001_hourly.csv');
  table('pedestrians_*', 'pedestrians', pedestrians);
  table('pedestrians_*_1', 'pedestrians', pedestrians, 52 * WEEK);
  table('retail_orders_*', 'online_retail', 'online_retail/online_retail_orders_hourly.csv');
  table('retail_lines_*', 'online_retail', 'online_retail/online_retail_lines_hourly.csv');
  for (const [n, before] of [26 * WEEK, 60 * WEEK].entries()) {
    for (const group of ['casual', 'registered']) {
      const file = 'bike_sharing/bike_sharing_hourly.csv';
      all.push({ ...hourly, name: `bike_${group}_${n}`, source: 'capital_bikeshare', file, group, before });
    }
  }
  for (const [n, before] of [0, 60 * WEEK, 150 * WEEK].entries()) {
    const file = 'bikeshare_dc_total/bikeshare_dc_total_hourly.csv';
    all.push({ ...hourly, name: `dcbikes_${n}`, source: 'capital_bikeshare', file, before });
  }
  // Its gaps are failures of the counter, no quiet hours; the years before 108 weeks are full of them.
  for (const [n, before] of [0, 60 * WEEK, 108 * WEEK].entries()) {
    const file = 'i94_traffic/i94_traffic_hourly.csv';
    all.push({ ...hourly, by: 'mean', name: `traffic_i94_${n}`, source: 'i94_traffic', file, before });
  }
  // The open set has the last twelve weeks.
  for (const before of [26, 100]) {
    const file = 'wikipedia_hourly/wikipedia_hourly.csv';
    all.push({ ...hourly, name: `wiki_before_${before}w`, source: 'wikipedia', file, before: before * WEEK });
  }
  const short = { source: 'azure_vm', file: 'azure_vm_2019/azure_vm_2019_cpu_5min.csv', by: 'mean' as const };
  all.push(
    { ...short, name: 'azure_vm_10min', stepMinutes: 10, steps: 4_000 },
    { ...short, name: 'azure_vm_1h', stepMinutes: 60, steps: 720 },
  );
  for (const [folder, by] of [
    ['realTweets', 'sum'],
    ['realAWSCloudwatch', 'mean'],
    ['realTraffic', 'mean'],
    ['realAdExchange', 'mean'],
    ['realKnownCause', 'mean'],
  ] as const) {
    const at = path.join(data, 'nab/data', folder);
    if (!existsSync(at)) continue;
    for (const file of readdirSync(at).sort()) {
      // One that the open set has.
      if (/nyc_taxi|AMZN/.test(file)) continue;
      const name = slug(file.replace(/\.csv$/, ''));
      all.push({ name: `nab_${name}`, source: `nab_${folder}`, file: `nab/data/${folder}/${file}`, stepMinutes: 60, by, steps: 12 * WEEK });
    }
  }
  return all;
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** Values by step, from the first to the last that the file has; a step without a row is zero for counts, the value before for levels. */
function read(file: string, { group, stepMinutes, by }: Cut): { readonly start: number; readonly values: number[] } {
  const stepMs = stepMinutes * 60_000;
  const sums = new Map<number, { sum: number; count: number }>();
  for (const line of readFileSync(file, 'utf8').split('\n').slice(1)) {
    const comma = line.indexOf(',');
    const last = line.lastIndexOf(',');
    if (comma < 0 || (group !== undefined && line.slice(comma + 1, last) !== group)) continue;
    const step = Math.floor(Date.parse(`${line.slice(0, comma).replace(' ', 'T')}Z`) / stepMs);
    const value = Number(line.slice(last + 1));
    if (!Number.isFinite(step) || !Number.isFinite(value)) continue;
    const cell = sums.get(step) ?? { sum: 0, count: 0 };
    cell.sum += value;
    cell.count++;
    sums.set(step, cell);
  }
  const first = Math.min(...sums.keys());
  const end = Math.max(...sums.keys());
  const values: number[] = [];
  for (let step = first; step <= end; step++) {
    const cell = sums.get(step);
    values.push(cell ? (by === 'sum' ? cell.sum : cell.sum / cell.count) : by === 'sum' ? 0 : (values.at(-1) ?? 0));
  }
  return { start: first * stepMs, values };
}

/**
 * Writes an evaluation set in the scorer's format from the other open data: series.csv, series.json, origins.csv. Nothing that the
 * open set has is in it, at no other step either.
 * @returns how many series of how many sources
 */
export function writeWideSet(data: string, to: string): { readonly series: number; readonly sources: number } {
  mkdirSync(to, { recursive: true });
  const rows = ['series,index,timestamp,value'];
  const origins = ['series,origin,step_seconds,season,season2,context'];
  const entries: Entry[] = [];
  for (const cut of cuts(data)) {
    const file = path.join(data, cut.file);
    if (!existsSync(file)) continue;
    const { start, values } = read(file, cut);
    const end = values.length - (cut.before ?? 0);
    const begin = Math.max(0, end - cut.steps);
    const kept = values.slice(begin, end);
    const season = 1_440 / cut.stepMinutes;
    // Two weeks before the first origin, where there are as many.
    const first = Math.min(14 * season, Math.floor(kept.length / 2));
    const every = Math.floor((kept.length - 24 - first) / 11);
    const zeros = kept.filter((value) => value === 0).length;
    if (first < 3 * season || every < 1 || zeros > MOST_ZERO * kept.length) continue;
    const at = Array.from({ length: 12 }, (_, n) => first + n * every);
    const context = (cut.stepMinutes < 30 ? 14 : 56) * season;
    const { name: series, source } = cut;
    const shape = { step_seconds: cut.stepMinutes * 60, season, season2: 7 * season, context };
    entries.push({ series, ...shape, length: kept.length, origins: at, set: 'open', source });
    kept.forEach((value, index) => {
      const timestamp = new Date(start + (begin + index) * cut.stepMinutes * 60_000).toISOString().slice(0, 19).replace('T', ' ');
      rows.push(`${series},${index},${timestamp},${Number(value.toFixed(6))}`);
    });
    for (const origin of at) origins.push(`${series},${origin},${Object.values(shape).join()}`);
  }
  writeFileSync(path.join(to, 'series.csv'), `${rows.join('\n')}\n`);
  writeFileSync(path.join(to, 'series.json'), `${JSON.stringify(entries, null, 1)}\n`);
  writeFileSync(path.join(to, 'origins.csv'), `${origins.join('\n')}\n`);
  return { series: entries.length, sources: new Set(entries.map(({ source }) => source)).size };
}
