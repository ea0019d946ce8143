import { createRequire } from 'node:module';
import path from 'node:path';
import { defineSource, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import { SeededRandom, zone } from '@auspex/numerics';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { z } from 'zod';
import { AIRPORTS, band } from './airports.ts';

const COLUMNS = ['date', 'distance', 'origin'];

/** A crowd that nobody announced: every departure of one airport inside [from, to) counts several times, by chance. */
const crowd = z.strictObject({
  airport: z.string(),
  from: z.number().describe('Epoch ms.'),
  to: z.number().describe('Epoch ms.'),
  factor: z.number().min(1).describe('Mean multiple of the usual demand.'),
  seed: z.int(),
});
export type Crowd = z.output<typeof crowd>;

/**
 * US departures, January to June 2001, as the npm package `vega-datasets` carries them: local times, by airport. A source
 * written outside the bundled packages, as any team would. One airport is one partition, since local times of different
 * zones are not in order of real time.
 */
export const departures = defineSource({
  id: 'departures',
  summary: 'US departures 2001 from the vega-datasets package.',
  config: z.strictObject({ airports: z.array(z.string()).default(Object.keys(AIRPORTS)), crowd: crowd.optional() }),
  capabilities: { replayable: false, silence: 'zero' },
  create: (options) => ({
    async *open(_from, signal): AsyncGenerator<SourceBatch> {
      const random = options.crowd && new SeededRandom(options.crowd.seed);
      for await (const events of readFlights(options.airports, signal)) {
        const byAirport = new Map<string, UsageEvent[]>();
        for (const event of events) {
          const list = byAirport.get(event.pop) ?? [];
          list.push(random && options.crowd ? join(event, options.crowd, random) : event);
          byAirport.set(event.pop, list);
        }
        for (const [airport, own] of byAirport) yield { partition: airport, events: own, position: String(own.at(-1)?.at) };
      }
      for (const airport of options.airports) yield { partition: airport, events: [], position: 'end', end: true };
    },
  }),
});

function join(event: UsageEvent, { airport, from, to, factor }: Crowd, random: SeededRandom): UsageEvent {
  if (event.pop !== airport || event.at < from || event.at >= to) return event;
  return { ...event, count: 1 + random.poisson(factor - 1) };
}

/** Departures of the named airports, row group by row group, in order of local time. */
async function* readFlights(airports: readonly string[], signal: AbortSignal): AsyncGenerator<UsageEvent[]> {
  for (const part of await flights()) {
    if (signal.aborted) return;
    yield part.filter((event) => airports.includes(event.pop));
  }
}

let kept: Promise<UsageEvent[][]> | undefined;

/** The file, read once: the demonstration replays it twice, and unpacking it is a tenth of the work. */
function flights(): Promise<UsageEvent[][]> {
  kept ??= readFile();
  return kept;
}

async function readFile(): Promise<UsageEvent[][]> {
  // The package exports its code only; its data lie beside it.
  const entry = createRequire(import.meta.url).resolve('vega-datasets');
  const file = await asyncBufferFromFile(path.resolve(entry, '../../data/flights-3m.parquet'));
  const metadata = await parquetMetadataAsync(file);
  const parts: UsageEvent[][] = [];
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    const columns: Record<string, ArrayLike<unknown>> = {};
    const onChunk = (chunk: { columnName: string; columnData: ArrayLike<unknown> }): void => {
      columns[chunk.columnName] = chunk.columnData;
    };
    await parquetRead({ file, metadata, compressors, columns: COLUMNS, rowStart, rowEnd, onChunk });
    parts.push(
      toEvents(columns['date'] as ArrayLike<Date>, columns['distance'] as ArrayLike<bigint>, columns['origin'] as ArrayLike<string>),
    );
    rowStart = rowEnd;
  }
  return parts;
}

function toEvents(dates: ArrayLike<Date>, miles: ArrayLike<bigint>, origins: ArrayLike<string>): UsageEvent[] {
  const events: UsageEvent[] = [];
  for (let i = 0; i < dates.length; i++) {
    const airport = origins[i] as string;
    const zoneId = AIRPORTS[airport];
    if (zoneId === undefined) continue;
    // The file says what the clock on the wall showed; in the missing hour of April it never showed that.
    const [at] = zone(zoneId).fromLocal((dates[i] as Date).getTime());
    if (at === undefined) continue;
    const who = band(Number(miles[i]));
    events.push({ at, kind: 'request', group: `${airport} ${who}`, pop: airport, outcome: 'served', resource: 'check-in', feature: who });
  }
  return events.sort((a, b) => a.at - b.at);
}
