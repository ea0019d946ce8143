import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One trace and the world that it is replayed in. */
export interface Trace {
  readonly name: string;
  /** Requests in each minute, oldest first. */
  readonly rates: Float64Array;
  /** Minutes before t = 0. */
  readonly history: number;
  /** Minutes from an order to its replicas. */
  readonly delay: number;
  /** Requests a minute that a replica serves at 100 % use, and the share of it that is planned for. */
  readonly capacity: number;
  readonly share: number;
  readonly min: number;
  readonly max: number;
}

interface World {
  readonly capacity_per_replica_per_minute: number;
  readonly usable_share: number;
  readonly min: number;
  readonly max: number;
  readonly delay_minutes: number;
}

/** @throws Error that names the file where a trace is not whole, or the world is for another delay */
export function readTraces(folder: string, delay: number, chosen: RegExp): Trace[] {
  if (!(delay > 0)) throw new Error('--delay: expected minutes');
  const world = JSON.parse(readFileSync(path.join(folder, 'world.json'), 'utf8')) as Record<string, World>;
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.csv'))
    .map((file) => file.slice(0, -4))
    .filter((name) => chosen.test(name))
    .sort();
  return names.map((name) => {
    const its = world[name];
    if (!its) throw new Error(`${folder}: world.json has no "${name}"`);
    if (its.delay_minutes !== delay) throw new Error(`${folder}: ${name} is of a world with a delay of ${its.delay_minutes}, not ${delay}`);
    return { name, delay, ...ratesOf(path.join(folder, `${name}.csv`)), ...bounds(its) };
  });
}

function bounds({
  capacity_per_replica_per_minute: capacity,
  usable_share: share,
  min,
  max,
}: World): Pick<Trace, 'capacity' | 'share' | 'min' | 'max'> {
  return { capacity, share, min, max };
}

function ratesOf(file: string): Pick<Trace, 'rates' | 'history'> {
  const [head, ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  if (head !== 't,rate') throw new Error(`${file}: expected the columns t,rate`);
  const first = Number(lines[0]?.split(',')[0]);
  const rates = Float64Array.from(lines, (line, i) => {
    const [t, rate] = line.split(',').map(Number) as [number, number];
    if (t !== first + i || !(rate >= 0)) throw new Error(`${file}:${i + 2}: expected minute ${first + i} and a rate, found "${line}"`);
    return rate;
  });
  return { rates, history: -first };
}
