import type { UsageEvent } from '@auspex/contracts';
import { groupConfig, groupEnricher, sessionConfig, sessionEnricher } from '@auspex/sources';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GroupEnricher } from '../src/enrich/group/index.ts';
import { SessionEnricher } from '../src/enrich/session/index.ts';
import { file } from './tools.ts';

const event = (more: Partial<UsageEvent> = {}): UsageEvent => ({ at: 0, kind: 'request', group: '', pop: '', outcome: 'served', ...more });
const group = (options: Record<string, unknown>) => new GroupEnricher(groupConfig.parse(options) as never);

describe('group', () => {
  test.each([
    [{ field: 'user' }, { user: 'u' }, 'u'],
    [{ field: 'accessLevel' }, { accessLevel: 'gold' }, 'gold'],
    [{ field: 'country' }, { country: 'DE' }, 'DE'],
    [{ field: 'feature' }, {}, ''],
    [{ field: 'pop' }, { pop: 'fra' }, 'fra'],
    [{ pathPrefix: 2 }, { resource: '/a/b/c' }, '/a/b'],
    [{ pathPrefix: 2 }, { resource: '/a' }, '/a'],
    [{ pathPrefix: 2 }, { resource: '' }, '/'],
    [{ pathPrefix: 2 }, {}, ''],
    [{ hostSuffix: 1 }, { ip: 'www.Example.COM' }, 'com'],
    [{ hostSuffix: 2 }, { ip: 'www.example.com' }, 'example.com'],
    [{ hostSuffix: 1 }, { ip: '10.0.0.1' }, 'ip'],
    [{ hostSuffix: 1 }, { ip: '2001:db8::1' }, 'ip'],
    [{ hostSuffix: 1 }, {}, ''],
  ])('%j of %j is %s', (rule, fields, expected) => {
    const enricher = group({ rule });
    // Twice: from the rule, then from its cache.
    for (let i = 0; i < 2; i++) expect(enricher.enrich(null, event(fields)).group).toBe(expected);
  });

  test('looks up CSV and JSON tables', () => {
    const csv = file('t.csv', 'user,plan\nann,gold\n"bob, jr",silver\n');
    const json = file('t.json', '{"ann": "gold"}');
    expect(group({ rule: { lookup: csv, field: 'user' } }).enrich(null, event({ user: 'bob, jr' })).group).toBe('silver');
    expect(group({ rule: { lookup: csv, field: 'user' } }).enrich(null, event({ user: 'eve' })).group).toBe('');
    expect(group({ rule: { lookup: json, field: 'user', default: 'free' } }).enrich(null, event({ user: 'eve' })).group).toBe('free');
    expect(group({ pop: { lookup: json, field: 'user' } }).enrich(null, event({ user: 'ann' })).pop).toBe('gold');
    expect(() => group({ rule: { lookup: `${csv}x`, field: 'user' } })).toThrow(expect.objectContaining({ code: 'SOURCE_NOT_FOUND' }));
    expect(() => group({ rule: { lookup: file('e', ''), field: 'user' } })).toThrow(expect.objectContaining({ code: 'SOURCE_EMPTY' }));
    expect(() => group({ rule: { lookup: file('b', '{"a":1}'), field: 'user' } })).toThrow(
      expect.objectContaining({ code: 'SOURCE_NO_VALID_RECORD' }),
    );
  });

  test('keeps what is set unless told to override', () => {
    const set = { group: 'g', pop: 'p', user: 'u' };
    const rules = { rule: { field: 'user' }, pop: { field: 'user' } };
    expect(group(rules).enrich(null, event(set))).toMatchObject({ group: 'g', pop: 'p' });
    expect(group({ ...rules, override: true }).enrich(null, event(set))).toMatchObject({ group: 'u', pop: 'u' });
  });

  test('shortens resources after the group was made of the whole path', () => {
    const enricher = group({ rule: { pathPrefix: 4 }, resourceSegments: 3 });
    expect(enricher.enrich(null, event({ resource: '/users/17/posts/3' }))).toMatchObject({
      resource: '/users/:id/posts',
      group: '/users/17/posts/3',
    });
  });

  test('refuses unknown rules', () => {
    expect(groupConfig.safeParse({ rule: { field: 'colour' } }).success).toBe(false);
    expect(groupConfig.safeParse({ rule: { pathPrefix: 1, hostSuffix: 1 } }).success).toBe(false);
    expect(groupEnricher.id).toBe('group');
  });
});

describe('session', () => {
  const enricher = new SessionEnricher(sessionConfig.parse({ gap: '10s' }));
  const hit = (user: string, at: number, more: Partial<UsageEvent> = {}) => event({ user, at, group: 'g', pop: 'p', ...more });

  test('starts, goes on, ends by silence', () => {
    const state = enricher.begin();
    expect(enricher.enrich(state, hit('a', 0)).sessionStart).toBe(true);
    expect(enricher.enrich(state, hit('a', 9_999)).sessionStart).toBeUndefined();
    expect(enricher.expire(state, 19_998)).toEqual([]);
    expect(enricher.expire(state, 19_999)).toEqual([
      { kind: 'session-end', group: 'g', pop: 'p', at: 19_998, outcome: 'served', sessionMs: 9_999 },
    ]);
    expect(enricher.expire(state, 99_999)).toEqual([]);
    expect(enricher.enrich(state, hit('a', 100_000)).sessionStart).toBe(true);
  });

  test('a silence inside one step ends one session and starts the next', () => {
    const state = enricher.begin();
    enricher.enrich(state, hit('a', 0));
    enricher.enrich(state, hit('a', 4_000));
    expect(enricher.enrich(state, hit('a', 14_000)).sessionStart).toBe(true);
    expect(enricher.expire(state, 15_000).map((e) => e.sessionMs)).toEqual([4_000]);
  });

  test('a gap in a log put the ends of its sessions into the step before it: they ended later', () => {
    const state = enricher.begin();
    enricher.enrich(state, hit('a', 0));
    // Read before the step of the first event is closed.
    enricher.enrich(state, hit('a', 600_000));
    expect(enricher.expire(state, 1_000)).toEqual([]);
    const later = enricher.decode(enricher.encode(state));
    expect(enricher.expire(later, 11_000).map(({ at }) => at)).toEqual([10_999]);
    expect(enricher.expire(later, 12_000)).toEqual([]);
  });

  test('users and groups are apart; events without a user have no session, whatever their address', () => {
    const state = enricher.begin();
    enricher.enrich(state, hit('a', 0));
    expect(enricher.enrich(state, hit('b', 1)).sessionStart).toBe(true);
    expect(enricher.enrich(state, hit('a', 2, { group: 'h' })).sessionStart).toBe(true);
    expect(enricher.enrich(state, event({ at: 3, ip: '1.2.3.4' })).sessionStart).toBeUndefined();
    expect(state.open.size).toBe(3);
  });

  test('keeps no user in clear', () => {
    const state = enricher.begin();
    enricher.enrich(state, hit('someone@example.com', 0, { ip: '198.51.100.7' }));
    const bytes = Buffer.from(enricher.encode(state)).toString('latin1');
    expect(bytes).not.toContain('someone');
    expect(bytes).not.toContain('198.51');
  });

  test('above maxOpen the longest idle is ended first', () => {
    const small = new SessionEnricher(sessionConfig.parse({ maxOpen: 2 }));
    const state = small.begin();
    small.enrich(state, hit('a', 0));
    small.enrich(state, hit('b', 1));
    small.enrich(state, hit('a', 5));
    small.enrich(state, hit('c', 6));
    expect(state.open.size).toBe(2);
    expect(small.expire(state, 60_000).map((e) => e.sessionMs)).toEqual([0]);
    expect(small.enrich(state, hit('a', 7)).sessionStart).toBeUndefined();
  });

  test('encode and decode at any point change nothing', () => {
    const step = fc.record({ user: fc.constantFrom('a', 'b', 'c', 'd'), wait: fc.nat(6_000), late: fc.nat(3_000), close: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (steps, cut) => {
        const run = (restart: boolean) => {
          const own = new SessionEnricher(sessionConfig.parse({ gap: '10s', maxOpen: 3 }));
          let state = own.begin();
          let now = 0;
          const out: unknown[] = [];
          steps.forEach((s, i) => {
            if (restart && i === cut) state = own.decode(own.encode(state));
            now += s.wait;
            out.push(own.enrich(state, hit(s.user, Math.max(0, now - s.late))).sessionStart ?? false);
            if (s.close) out.push(own.expire(state, now));
          });
          return [out, own.expire(state, now + 1e9)];
        };
        expect(run(true)).toEqual(run(false));
      }),
    );
  });

  test('starts and ends are equal in number', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(8_000)), { maxLength: 50 }), (steps) => {
        const state = enricher.begin();
        let now = 0;
        let starts = 0;
        let ends = 0;
        for (const [user, wait] of steps) {
          now += wait;
          if (enricher.enrich(state, hit(user, now)).sessionStart) starts++;
          ends += enricher.expire(state, now).length;
        }
        expect(ends + enricher.expire(state, now + 10_000).length).toBe(starts);
      }),
    );
  });

  test('is a plugin', () => {
    expect(sessionEnricher.id).toBe('session');
    expect(sessionConfig.parse({})).toEqual({ gap: 1_800_000, maxOpen: 100_000 });
  });
});
