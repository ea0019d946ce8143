// Prints the SHA-256 of the journal of one replay, from the built packages: node journal.mjs EVENTS_IN_A_BATCH
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineSource, use } from '../../core/dist/index.js';
import { seasonal } from '../../models-seasonal/dist/index.js';
import { SeededRandom } from '../../numerics/dist/index.js';
import { seedAssessor, tieredAllocator } from '../../policies/dist/index.js';
import { behavior } from '../../profiles/dist/index.js';
import { noStore, replay } from '../dist/index.js';

const batch = Number(process.argv[2]);
const STEP = 900_000;
const START = Date.UTC(2026, 2, 25);
const random = new SeededRandom(4);
const events = [];
for (let i = 0; i < 6 * 96; i++) {
  for (const group of ['gold', 'free', 'late']) {
    const at = START + i * STEP + random.below(STEP);
    const count = Math.round(900 * (1.2 + Math.sin((2 * Math.PI * i) / 96) + 0.1 * random.normal()));
    events.push({ at, kind: 'request', group, pop: 'fra', outcome: 'served', count, user: `u${random.below(50)}` });
  }
}
events.sort((a, b) => a.at - b.at);

const source = defineSource({
  id: 'made-up',
  summary: 'test',
  config: z.strictObject({}),
  capabilities: { replayable: true, silence: 'zero' },
  create: () => ({
    async *open() {
      for (let i = 0; i < events.length; i += batch) {
        yield { partition: '0', events: events.slice(i, i + batch).map((event) => ({ ...event })), position: String(i) };
      }
      yield { partition: '0', events: [], position: 'end', end: true };
    },
  }),
});

const hash = createHash('sha256');
let lines = 0;
let last = '';
await replay({
  config: {
    step: '15m',
    zone: 'Europe/Berlin',
    sources: [use(source)],
    profiler: use(behavior),
    predictors: [use(seasonal)],
    assess: use(seedAssessor),
    allocate: use(tieredAllocator),
    store: use(noStore),
    pools: [{ id: 'web', unitRate: 1, leadTime: '30m' }],
  },
  title: 'journal',
  source: 'made up',
  from: START + 3 * 96 * STEP,
  baselines: [],
  onJournal: (line) => {
    hash.update(`${line}\n`);
    lines++;
    last = line;
  },
});
process.stdout.write(JSON.stringify({ sha256: hash.digest('hex'), lines, last }));
