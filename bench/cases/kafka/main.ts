// Events a second that an instance takes from a topic to closed usage, with the broker on the same machine, beside what it costs
// to read the topic at all.
//
//   npm run bench -- kafka [--events 1000000] [--users 20000] [--rounds 3] [--instances 1] [--batch N] [--functions] [--json]
//
// The topic is filled before anything is measured. Each round runs the three readers in turns, each in a process of its own; a
// sampling profiler slows them down, and runs in a round of its own at the end.
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startServer } from '../../../test/servers/index.ts';
import { stored } from '../../../test/support/stored.ts';
import { fill, GROUPS, PARTITIONS } from './fill.ts';
import { type Job, type Reader, runParts, runReader, type Seen } from './readers.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    users: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
    instances: { type: 'string', default: '1' },
    batch: { type: 'string' },
    functions: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const [events, rounds, instances] = [Number(values.events), Number(values.rounds), Number(values.instances)];
const TARGET = 100_000;
const READERS: readonly Reader[] = ['plain', 'parse', 'auspex'];
const middle = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] as number;

const server = await startServer('kafka', { own: true });
const folder = mkdtempSync(path.join(tmpdir(), 'auspex-bench-'));
try {
  const { input, bytes, lastStep } = await fill(server.address, 'events', events, Number(values.users));
  console.error(
    `${events} events of ${Math.round(bytes / events)} bytes, ${GROUPS} groups, ${values.users} users, ${PARTITIONS} partitions`,
  );

  const measure = async (reader: Reader, round: number, profile: boolean): Promise<Seen> => {
    const job: Job = {
      reader,
      brokers: [server.address],
      topic: 'events',
      group: `${reader}-${round}`,
      events,
      partitions: PARTITIONS,
      lastStep,
      store: path.join(folder, `store-${round}`),
      profile,
      options: values.batch === undefined ? {} : { batch: Number(values.batch) },
    };
    const seen = await (reader === 'auspex' && instances > 1 && !profile ? runParts(job, instances) : runReader(job));
    if (reader === 'auspex') await check(job.store, input);
    const told = `${seen.wall.toFixed(2)} s, ${seen.cpu.toFixed(2)} CPU s, ${Math.round(events / seen.wall)} events/s, ${seen.rss} MB, load ${(loadavg()[0] ?? 0).toFixed(1)}`;
    console.error(`${profile ? 'profiled' : `round ${round + 1}`}, ${reader}: ${told}`);
    return seen;
  };

  const seen: Record<Reader, Seen[]> = { plain: [], parse: [], auspex: [] };
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < READERS.length; n++) {
      const reader = READERS[(n + round) % READERS.length] as Reader;
      seen[reader].push(await measure(reader, round, false));
    }
  }
  const rows = READERS.map((reader) => {
    const [wall, cpu] = [middle(seen[reader].map((each) => each.wall)), middle(seen[reader].map((each) => each.cpu))];
    return { reader, perSecond: Math.round(events / wall), perCpuSecond: Math.round(events / cpu), wall, cpu };
  });
  const [plain, parse, auspex] = rows as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0]];
  const profiled = await measure('auspex', rounds, true);
  if (values.functions) console.error(profiled.functions);
  const summary = {
    events,
    instances,
    rows,
    cpuRatio: { toPlain: auspex.cpu / plain.cpu, toParse: auspex.cpu / parse.cpu },
    idle: profiled.idle,
    own: profiled.own,
    parts: profiled.parts,
    target: TARGET,
  };
  if (values.json) console.log(JSON.stringify(summary));
  else {
    console.log(
      `reader   events/s   wall s   CPU s   events a CPU s   (medians of ${rounds} rounds; ${instances} instance${instances > 1 ? 's' : ''} of auspex)`,
    );
    for (const { reader, perSecond, perCpuSecond, wall, cpu } of rows)
      console.log(
        `${reader.padEnd(8)} ${String(perSecond).padStart(8)} ${wall.toFixed(2).padStart(8)} ${cpu.toFixed(2).padStart(7)} ${String(perCpuSecond).padStart(16)}`,
      );
    console.log(`CPU: ${summary.cpuRatio.toPlain.toFixed(2)} × plain, ${summary.cpuRatio.toParse.toFixed(2)} × parse`);
    console.log(
      `Auspex’s own code: ${(100 * (profiled.own ?? 0)).toFixed(0)} % of the samples at work, idle ${(100 * (profiled.idle ?? 0)).toFixed(0)} %`,
      profiled.parts,
    );
  }
  process.exitCode = auspex.perSecond >= TARGET ? 0 : 1;
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Each group's closed usage in the store is what was produced, exactly. */
async function check(store: string, input: ReadonlyMap<string, number>): Promise<void> {
  const counts = await stored(store);
  for (const [group, count] of input)
    if (counts.get(group) !== count) throw new Error(`group ${group}: ${counts.get(group)} are stored, ${count} were produced`);
}
