import type { Enricher, UsageEvent } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { broken, type Law, laws, must } from '../law.ts';
import { commonLaws } from './common.ts';
import { mustRefuse } from './support/bytes.ts';
import { everywhere } from './support/elsewhere.ts';
import { difference } from './support/same.ts';

const START = Date.UTC(2026, 0, 5);
const MINUTE = 60_000;

/** An event as a source makes it; group and POP are not known yet. */
function event(given: Partial<UsageEvent> = {}): UsageEvent {
  return { at: START, kind: 'request', group: '', pop: '', outcome: 'served', ...given };
}

/** A morning of some users, with every field that a source may know; in order of time. */
function morning(seed = 'morning'): UsageEvent[] {
  const random = new SeededRandom(seed);
  let at = START;
  return Array.from({ length: 400 }, () => {
    // Now and then so long a silence that whatever waits for one is due.
    at += random.below(30_000) + (random.next() < 0.01 ? 180 * MINUTE : 0);
    const n = random.below(20);
    return event({
      at,
      kind: random.next() < 0.1 ? 'sign-in' : 'request',
      user: `user-${n}@example.com`,
      ip: `198.51.100.${n}`,
      agent: `agent-of-${n}/1.0`,
      session: `session-${n}`,
      resource: `/things/${random.below(50)}/parts`,
      feature: random.next() < 0.5 ? 'search' : 'pay',
      country: 'DE',
      accessLevel: n < 5 ? 'gold' : 'free',
      bytes: random.below(10_000),
      count: 1 + random.below(3),
      attempt: 1,
    });
  });
}

/** Events that are allowed and seldom seen. */
function odd(): UsageEvent[] {
  const long = 'ä/'.repeat(5_000);
  return [
    event(),
    event({ at: 0 }),
    event({ at: 8.64e15 }),
    event({ at: START + 0.5 }),
    event({ kind: 'a-kind-of-a-later-version' }),
    event({ kind: 'session-end' }),
    event({ count: 0, bytes: 0, weight: 0 }),
    event({ count: 1e15, bytes: Number.MAX_SAFE_INTEGER, weight: 1e300, attempt: 1_000 }),
    event({ user: '', ip: '', agent: '', resource: '', feature: '', country: '', accessLevel: '', session: '' }),
    event({ user: long, ip: long, agent: long, resource: long, feature: long, country: long, accessLevel: long, session: long }),
    event({ group: long, pop: long }),
    event({ group: '__proto__', pop: 'constructor', user: '__proto__', resource: '__proto__', country: '__proto__' }),
    event({ user: '\ud800', resource: '\0', ip: '::1' }),
    event({ ip: '999.1.2', agent: '\u{1f600}', resource: 'no/slash?x=1#y' }),
    event({ at: START - 86_400_000, user: 'late' }),
  ];
}

/** What a source measured, and an enricher may read only. */
const MEASURED = ['at', 'kind', 'outcome', 'attempt', 'count', 'weight', 'bytes'] as const;

/** Feeds events as a shard does: `expire` when a step of a minute has closed. Gives everything that came out. */
function run(enricher: Enricher, state: unknown, events: readonly UsageEvent[]): (UsageEvent | undefined)[] {
  const out: (UsageEvent | undefined)[] = [];
  let closed = 0;
  for (const one of events) {
    const boundary = Math.floor(one.at / MINUTE) * MINUTE;
    if (boundary > closed) {
      if (closed > 0) out.push(...(enricher.expire?.(state, boundary) ?? []));
      closed = boundary;
    }
    const given = enricher.enrich(state, { ...one });
    // A copy: the plugin's own object may go on changing.
    out.push(given && { ...given });
  }
  return out;
}

const list: readonly Law<'enricher'>[] = [
  {
    name: 'an event goes in, and one or none comes out, whatever it holds',
    why: 'what a client may send a client will send: an enricher that throws on it passes on what it should have completed',
    check(_, tools) {
      const enricher = tools.create();
      const state = enricher.begin();
      for (const given of [...odd(), ...morning()]) {
        const text = JSON.stringify(given).slice(0, 160);
        let out: UsageEvent | undefined;
        try {
          out = enricher.enrich(state, { ...given });
        } catch (error) {
          broken(`it throws "${(error as Error).message}" on ${text}`);
        }
        if (out === undefined) continue;
        must(typeof out === 'object' && out !== null && !Array.isArray(out) && !('then' in out), `it gives no event at once for ${text}`);
        const { group, pop } = out;
        must(typeof group === 'string' && typeof pop === 'string', `the group and POP that it gives for ${text} are no text`);
      }
    },
  },
  {
    name: 'it never invents a user',
    why: 'users are counted: one made of an address or an agent is somebody that was not there',
    check(_, tools) {
      const enricher = tools.create();
      const state = enricher.begin();
      const anonymous = morning().map(({ user: _, ...rest }): UsageEvent => rest);
      const invented = run(enricher, state, anonymous).find((one) => one?.user !== undefined);
      must(invented === undefined, () => `of an event without a user it makes one of "${invented?.user}"`);
    },
  },
  {
    name: 'what was measured stays as it was',
    why: 'time, outcome, attempt and counts are the source’s word: demand is counted from them',
    check(_, tools) {
      const enricher = tools.create();
      const state = enricher.begin();
      for (const given of [...morning(), ...odd()]) {
        const out = attempt(() => enricher.enrich(state, { ...given }));
        if (out === undefined) continue;
        for (const field of MEASURED) must(Object.is(out[field], given[field]), `its ${field} was ${given[field]} and is ${out[field]}`);
      }
    },
  },
  {
    name: 'what time has decided lies before it, and is told once',
    why: 'an event of a later time is counted to a step that is not over, and one that is told twice is two',
    check(_, tools) {
      const enricher = tools.create();
      if (!enricher.expire) return;
      const state = enricher.begin();
      const events = morning();
      for (const one of events) {
        enricher.enrich(state, { ...one });
        const at = Math.ceil((one.at + 1) / MINUTE) * MINUTE;
        mustExpire(enricher, state, at);
      }
      mustExpire(enricher, state, START + 30 * 86_400_000);
    },
  },
  {
    name: 'a state that is read back goes on as the one that was written',
    why: 'it is in the shard’s checkpoint: after a restart a session goes on',
    check(_, tools) {
      const events = morning();
      for (const cut of [0, 1, 7, 150, 399]) {
        const [enricher, next] = [tools.create(), tools.create()];
        const state = enricher.begin();
        run(enricher, state, events.slice(0, cut));
        const read = next.decode(enricher.encode(state).slice());
        const rest = events.slice(cut);
        const found = difference(run(next, read, rest), run(enricher, state, rest));
        if (found !== undefined) broken(`read back after ${cut} events, and not: event ${found}`);
      }
    },
  },
  {
    name: 'bytes that it did not write are refused',
    why: 'what cannot be read begins anew and is reported; what is misread completes events wrongly',
    check(_, tools) {
      const enricher = tools.create();
      const state = enricher.begin();
      run(enricher, state, morning());
      mustRefuse((bytes) => enricher.decode(bytes), enricher.encode(state));
    },
  },
  {
    name: 'shards are kept apart',
    why: 'one instance serves all shards: what it keeps outside their states it mixes up, and loses in a restart',
    check(_, tools) {
      const [alone, shared] = [tools.create(), tools.create()];
      const [state, neighbour] = [shared.begin(), shared.begin()];
      const [mine, theirs] = [morning(), morning('neighbour')];
      const out = mine.flatMap((one, i) => {
        run(shared, neighbour, theirs.slice(i, i + 1));
        return run(shared, state, [one]);
      });
      const single = alone.begin();
      const should = mine.flatMap((one) => run(alone, single, [one]));
      const found = difference(out, should);
      if (found !== undefined) broken(`beside another shard, and alone: event ${found}`);
    },
  },
  {
    name: 'the same seed and events give the same, whatever the clock and chance of the process',
    why: 'a replay that comes out otherwise explains nothing',
    async check(_, tools) {
      const [one, other] = await everywhere(() => {
        const enricher = tools.create();
        return run(enricher, enricher.begin(), morning());
      });
      const found = difference(one, other);
      if (found !== undefined) broken(`two instances with one seed, under another clock and Math.random: event ${found}`);
    },
  },
  {
    name: 'no user, address or agent is kept in clear',
    why: 'checkpoints are copied to where nobody thinks of them as personal data',
    check(_, tools) {
      const enricher = tools.create();
      const state = enricher.begin();
      for (const one of morning()) enricher.enrich(state, { ...one });
      const kept = Buffer.from(enricher.encode(state));
      for (const text of ['user-7@example.com', '198.51.100.7', 'agent-of-7/1.0']) {
        const found = kept.includes(text) || kept.includes(Buffer.from(text, 'utf16le'));
        must(!found, `its encoded state holds "${text}": keep a keyed hash at most`);
      }
    },
  },
  {
    name: 'it forgets a user or a group when asked, and nobody else',
    why: 'who has a right to be forgotten is not forgotten by a copy of the state; who has not would be a stranger at the next event',
    check(_, tools) {
      const enricher = tools.create();
      if (!enricher.forget) return;
      const state = enricher.begin();
      const first = morning();
      const last = (first.at(-1)?.at ?? START) + 20;
      // In the end everybody is there.
      const all = Array.from({ length: 20 }, (_, n) =>
        event({ at: last - 20 + n, user: `user-${n}@example.com`, resource: '/things/1/parts' }),
      );
      run(
        enricher,
        state,
        [...first, ...all].map((one) => ({ ...one, group: groupOf(one) })),
      );
      const whole = enricher.encode(state).slice();
      mustForgetUser(enricher, whole, last);
      const other = enricher.decode(whole.slice());
      const before = enricher.encode(other).slice();
      enricher.forget(other, { user: 'nobody@example.com' });
      enricher.forget(other, { group: 'group-of-nobody' });
      must(Buffer.compare(enricher.encode(other), before) === 0, 'asked to forget somebody whom it has never seen, it changes its state');
      enricher.forget(other, { group: groupOf({ user: 'user-7@example.com' }) });
      const kept = Buffer.from(enricher.encode(other));
      must(!kept.includes('group-7'), 'its encoded state names a group that it was to forget');
      // Another than the first event of anybody: it is told of as before.
      const found = difference(firstOf(enricher, kept, 8, last), firstOf(enricher, whole, 8, last));
      if (found !== undefined) broken(`once a group is forgotten, the next event of a user of another: ${found}`);
    },
  },
];

/** Every user of a morning is in a group of the user's own. */
function groupOf({ user = '' }: Pick<UsageEvent, 'user'>): string {
  return `group-${/\d+/.exec(user)?.[0] ?? ''}`;
}

/** What comes out of the next event of the n-th user, in a copy of the state, or of somebody whom nobody has seen in the user's place. */
function firstOf(enricher: Enricher, state: Uint8Array, n: number, last: number, stranger = false): unknown[] {
  const user = stranger ? 'stranger@example.com' : `user-${n}@example.com`;
  const next = event({ at: last + 1, user, group: `group-${n}`, resource: '/things/1/parts', feature: 'search' });
  const out = enricher.enrich(enricher.decode(state.slice()), next);
  return [out && { ...out, user: '' }];
}

function mustForgetUser(enricher: Enricher, whole: Uint8Array, last: number): void {
  const state = enricher.decode(whole.slice());
  enricher.forget?.(state, { user: 'user-7@example.com' });
  const kept = enricher.encode(state).slice();
  const asStranger = difference(firstOf(enricher, kept, 7, last), firstOf(enricher, kept, 7, last, true));
  if (asStranger !== undefined) broken(`the next event of a forgotten user is not that of a stranger: ${asStranger}`);
  for (let n = 0; n < 20; n++) {
    if (n === 7) continue;
    const found = difference(firstOf(enricher, kept, n, last), firstOf(enricher, whole, n, last));
    if (found !== undefined) broken(`once somebody else is forgotten, the next event of user ${n}: ${found}`);
  }
  enricher.forget?.(state, { user: 'user-7@example.com' });
  must(Buffer.compare(enricher.encode(state), kept) === 0, 'asked to forget a user again, it changes its state');
}

function mustExpire(enricher: Enricher, state: unknown, at: number): void {
  const ended = enricher.expire?.(state, at) ?? [];
  const late = ended.find((one) => !(one.at < at));
  must(late === undefined, () => `asked for what ended before ${at}, it gives an event of ${late?.at}`);
  const again = enricher.expire?.(state, at) ?? [];
  must(again.length === 0, `asked again for what ended before ${at}, it gives ${again.length} events more`);
}

/** The answer, or undefined where it throws, which is another law's business. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** What every enricher does. */
export const enricherLaws = laws('enricher', [
  ...commonLaws<'enricher'>((enricher: Enricher) => {
    const state = enricher.begin();
    run(enricher, state, morning().slice(0, 50));
    enricher.decode(enricher.encode(state));
  }),
  ...list,
]);
