import { describe, expect, it } from 'vitest';
import { KIND_NAMES } from '../../bench/cases/incidents/incidents.ts';
import { MINUTE, WEEK } from '../../bench/cases/incidents/pool.ts';
import { score } from '../../bench/cases/incidents/score.ts';
import { drawPools, FROM, type Played } from '../../bench/cases/incidents/world.ts';
import type { UsageEvent } from '../../packages/contracts/src/index.ts';

const options = { seed: 'test', pools: 2, history: 2, judged: 2, predictors: [], incidents: true };
const sum = (events: readonly UsageEvent[], of: (event: UsageEvent) => boolean = () => true): number =>
  events.filter((event) => event.kind === 'request' && of(event)).reduce((all, { count = 1 }) => all + count, 0);

describe('a world', () => {
  it('has one incident of each kind a pool, apart from each other and after its history', () => {
    for (const { incidents } of drawPools(options)) {
      expect(incidents.map(({ kind }) => kind).sort()).toEqual([...KIND_NAMES].sort());
      let end = FROM + 2 * WEEK;
      for (const { from, to } of incidents) {
        expect(from).toBeGreaterThanOrEqual(end);
        expect(to).toBeGreaterThan(from);
        end = to + 60 * MINUTE;
      }
      expect(end).toBeLessThanOrEqual(FROM + 4 * WEEK + 60 * MINUTE);
    }
  });

  it('is the same for the same seed, and of few events whatever its height', () => {
    const minutes = () =>
      drawPools(options).map(({ minutes: each }) => Array.from({ length: 300 }, (_, n) => each.next(FROM + n * MINUTE)));
    const [one, two] = [minutes(), minutes()];
    expect(one).toEqual(two);
    for (const events of one.flat()) {
      expect(events.length).toBeLessThan(120);
      expect(sum(events, ({ country }) => country === undefined || country === '')).toBe(0);
      expect(events.every(({ count = 1 }) => Number.isInteger(count) || count > 0)).toBe(true);
    }
  });

  it('does what its incidents say', () => {
    const [pool] = drawPools(options) as [ReturnType<typeof drawPools>[number]];
    const byKind = new Map<string, UsageEvent[][]>();
    const before = new Map<string, UsageEvent[][]>();
    for (let at = FROM; at < FROM + 4 * WEEK; at += MINUTE) {
      const events = pool.minutes.next(at);
      for (const { kind, from, to } of pool.incidents) {
        const into = at >= from && at < to ? byKind : at >= from - 30 * MINUTE && at < from ? before : undefined;
        if (into) into.set(kind, [...(into.get(kind) ?? []), events]);
      }
    }
    const rate = (from: typeof byKind, kind: string, of?: (event: UsageEvent) => boolean): number => {
      const own = from.get(kind) as UsageEvent[][];
      return own.reduce((all, events) => all + sum(events, of), 0) / own.length;
    };
    expect(rate(byKind, 'drop') / rate(before, 'drop')).toBeLessThan(0.7);
    expect(rate(byKind, 'surge') / rate(before, 'surge')).toBeGreaterThan(1.3);
    const failed = (event: UsageEvent): boolean => event.outcome === 'failed';
    expect(rate(byKind, 'failing', failed)).toBeGreaterThan(3 * rate(before, 'failing', failed));
    expect(rate(byKind, 'country', ({ country }) => country === 'KP')).toBeGreaterThan(0);
    expect(new Set(byKind.get('stuck')?.map((events) => sum(events))).size).toBe(1);
    expect(rate(byKind, 'mix') / rate(before, 'mix')).toBeGreaterThan(0.6);
  }, 60_000);
});

describe('the count', () => {
  const at = (minute: number): number => FROM + minute * MINUTE;
  const incident = (kind: string, from: number, to: number): Played['incidents'][number] => ({
    kind,
    from: at(from),
    to: at(to),
    apply: () => undefined,
  });
  const played = (alerts: readonly number[]): Played => ({
    world: { id: 'a' } as Played['world'],
    incidents: [incident('drop', 100, 130), incident('surge', 300, 400)],
    alerts: alerts.map((minute) => ({ at: at(minute), summary: '' })),
    weeks: 2,
  });

  it('has found what an alert begins in, and calls false what begins elsewhere', () => {
    const { kinds, outside } = score([played([90, 100, 131, 399, 400, 900])]);
    const of = (kind: string) => kinds.find((each) => each.kind === kind);
    expect(of('drop')).toMatchObject({ found: 1, of: 1, delays: [0] });
    expect(of('surge')).toMatchObject({ found: 1, of: 1, delays: [99] });
    expect(outside.map(({ at: when, aftermath }) => [(when - FROM) / MINUTE, aftermath])).toEqual([
      [90, false],
      [131, true],
      [400, true],
      [900, false],
    ]);
  });

  it('has found nothing by an alert that began before', () => {
    expect(score([played([99, 299])]).kinds.every(({ found }) => found === 0)).toBe(true);
  });
});
