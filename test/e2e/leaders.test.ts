import { type Decision, defineSource, LEVELS, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import { createEngine, type JournalRecord, readForecast, use, VirtualClock } from '@auspex/core';
import { noStore } from '@auspex/evaluate';
import { pinball, SeededRandom } from '@auspex/numerics';
import { preset, seasonal } from '@auspex/preset';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const STEP = 120_000;
const A_DAY = 720;
/** Steps: eight minutes, and the ten by which one is before the other. */
const LEAD = 4;
const LAG = 5;
const T0 = Date.UTC(2026, 0, 5);
const DAYS = 14;
/** From here on forecasts are compared. */
const JUDGED = 10 * A_DAY;
const STEPS = DAYS * A_DAY;

/** Steps in which something bursts: at random, three a day, each half an hour to an hour. */
function bursts(random: SeededRandom): { readonly on: boolean[]; readonly starts: number[] } {
  const on = new Array<boolean>(STEPS).fill(false);
  const starts: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    if (on[i] || random.next() >= 3 / A_DAY) continue;
    starts.push(i);
    on.fill(true, i, Math.min(STEPS, i + 15 + Math.floor(15 * random.next())));
  }
  return { on, starts };
}

const random = new SeededRandom(7);
const leading = bursts(random);
const habit = (i: number): number => 1 - 0.5 * Math.cos((2 * Math.PI * i) / A_DAY);
const noisy = (mean: number): number => Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
/** What the pool's own users ask for, ten minutes after the others; what these do; and sign-ins, of which a few are always there. */
const followers = Array.from({ length: STEPS }, (_, i) => noisy(1200 * habit(i) * (leading.on[i - LAG] ? 2.5 : 1)));
const leaders = Array.from({ length: STEPS }, (_, i) => noisy(800 * habit(i) * (leading.on[i] ? 3 : 1)));
const signIns = Array.from({ length: STEPS }, (_, i) => noisy(60 * habit(i) * (leading.on[i] ? 4 : 1)));

interface Stream {
  readonly group: string;
  readonly kind: 'request' | 'sign-in';
  readonly counts: readonly number[];
}
const FOLLOWERS: Stream = { group: 'eu-paid', kind: 'request', counts: followers };
const LEADERS: Stream = { group: 'eu-free', kind: 'request', counts: leaders };
const SIGN_INS: Stream = { group: 'eu-paid', kind: 'sign-in', counts: signIns };

const source = (streams: readonly Stream[]) =>
  defineSource({
    id: 'streams',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'gap' },
    create: () => ({
      async *open(): AsyncGenerator<SourceBatch> {
        for (let from = 0; from < STEPS; from += 100) {
          const events: UsageEvent[] = [];
          for (let i = from; i < Math.min(STEPS, from + 100); i++) {
            for (const { group, kind, counts } of streams) {
              events.push({ at: T0 + i * STEP, kind, group, pop: 'p', outcome: 'served', count: counts[i] as number });
            }
          }
          yield { partition: '0', events, position: String(from) };
        }
        yield { partition: '0', events: [], position: 'end', end: true };
      },
    }),
  });

interface Seen {
  /** Pinball loss at the lead time from `JUDGED` on. */
  readonly loss: number;
  readonly decisions: Map<number, Decision>;
  readonly notices: string[];
}

async function run(streams: readonly Stream[]): Promise<Seen> {
  const decisions = new Map<number, Decision>();
  const notices: string[] = [];
  const losses: number[] = [];
  const config = preset({
    sources: [use(source(streams))],
    step: '2m',
    lateness: '0s',
    predictors: [use(seasonal)],
    pools: [{ id: 'web', groups: ['eu-paid'], unitRate: 1, target: 0.7, leadTime: '8m', max: 400 }],
    store: use(noStore),
    // Bursts that no predictor sees coming close the gate, and where the last value takes over nobody leads.
    minSkill: null,
  });
  await using engine = createEngine(config, {
    mode: 'replay',
    host: { clock: new VirtualClock() },
    trustDemand: true,
    onJournal: (line) => {
      const record = JSON.parse(line) as JournalRecord;
      if (record.type === 'notice' && record.code.startsWith('LEADER')) notices.push(`${record.code} ${record.text}`);
    },
  });
  engine.hooks.forecast.tap('test', (forecast) => {
    if (forecast.series !== 'pool:web') return;
    const i = (forecast.origin - T0) / STEP + LEAD;
    const rate = followers[i];
    if (i < JUDGED || rate === undefined) return;
    for (const level of LEVELS) losses.push(pinball(rate / (STEP / 1000), readForecast(forecast, LEAD + 1, level), level));
  });
  engine.hooks.decided.tap('test', (decision) => void decisions.set((decision.step - T0) / STEP, decision));
  await engine.start();
  await engine.run();
  return { loss: losses.reduce((sum, each) => sum + each, 0) / losses.length, decisions, notices };
}

/** The pool by itself: played once. */
let played: Promise<Seen> | undefined;
function unled(): Promise<Seen> {
  played ??= run([FOLLOWERS]);
  return played;
}

describe.each([
  { who: 'another group', streams: [FOLLOWERS, LEADERS], of: 'eu-free', input: 'groups', text: /^group eu-free was \d+ % above its habit/ },
  {
    who: 'who signs in',
    streams: [FOLLOWERS, SIGN_INS],
    of: 'sign-ins',
    input: 'sign-ins',
    text: /^sign-ins were \d+ % above their habit/,
  },
])('$who leads', ({ streams, of, input, text }) => {
  let led: Seen;
  let alone: Seen;
  beforeAll(async () => {
    alone = await unled();
    led = await run(streams);
  }, 240_000);

  it('makes the forecast at the lead time better, and is told once', () => {
    expect(led.loss / alone.loss).toBeLessThan(0.8);
    expect(led.notices).toHaveLength(1);
    expect(led.notices[0]).toMatch(/^LEADER_USED web: /);
    expect(alone.notices).toEqual([]);
  });

  it('makes a surge likelier before it comes, and says why', () => {
    const before = leading.starts.filter((start) => start >= JUDGED && start + LAG < STEPS).map((start) => start + 2);
    const chance = ({ decisions }: Seen): number =>
      before.reduce((sum, i) => sum + (decisions.get(i)?.surge?.probability as number), 0) / before.length;
    expect(before.length).toBeGreaterThan(5);
    expect(chance(led)).toBeGreaterThan(chance(alone) + 0.2);
    const parts = before.flatMap((i) => {
      const decision = led.decisions.get(i) as Decision;
      const part = decision.surge?.contributions.find((each) => each.of === input);
      return part ? [{ decision, part }] : [];
    });
    expect(parts.reduce((sum, { part }) => sum + part.amount, 0) / parts.length).toBeGreaterThan(1);
    const strongest = parts.reduce((most, each) => (each.part.amount > most.part.amount ? each : most));
    expect(strongest.decision.demand.leaders?.[0]).toMatchObject({ of, text: expect.stringMatching(text) });
    expect(strongest.part.text).toMatch(text);
  });
});
