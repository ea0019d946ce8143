import { defineEnricher, type Enricher, type PluginContext, type UsageEvent } from '@auspex/contracts';
import { hash32, pack, unpack } from '@auspex/numerics';
import type { Subjects } from '@auspex/testkit';
import { z } from 'zod';
import { type Broken, commonlyBroken } from '../proof.ts';

/** When each user of the shard was last seen, epoch ms, by a keyed hash. */
interface State {
  seen: Record<string, number>;
  clear?: string[];
}
type Tiny = Enricher<State>;
type Subject = Subjects['enricher'];

const GAP = 30 * 60_000;

/** Marks the first event of a user after half an hour, tells of those who went, and names the group by the path. */
function tiny(key: number): Tiny {
  return {
    begin: () => ({ seen: {} }),
    enrich: ({ seen }, event) => {
      event.group ||= (event.resource ?? '').split('/')[1] ?? '';
      if (event.user === undefined || event.kind === 'session-end') return event;
      const user = hash32(event.user, key).toString(36);
      if (seen[user] === undefined) event.sessionStart = true;
      seen[user] = Math.max(event.at, seen[user] ?? event.at);
      return event;
    },
    expire: ({ seen }, at) => {
      const gone = Object.entries(seen).filter(([, last]) => at - last >= GAP);
      for (const [user] of gone) delete seen[user];
      return gone.map((): UsageEvent => ({ at: at - 1, kind: 'session-end', group: '', pop: '', outcome: 'served' }));
    },
    forget: ({ seen }, what) => {
      // It keeps no groups.
      if ('user' in what) delete seen[hash32(what.user, key).toString(36)];
    },
    encode: (state) => pack({ v: 1, ...state }),
    decode: (bytes) => {
      const read = unpack<State & { v: number }>(bytes);
      if (read?.v !== 1 || typeof read.seen !== 'object') throw new Error('this is no state of tiny');
      return { seen: read.seen };
    },
  };
}

type Change = (right: Tiny, context: PluginContext) => Partial<Tiny>;

const subject = (change: Change) => (): Subject => ({
  plugin: defineEnricher({
    id: 'tiny',
    summary: 'A test.',
    config: z.strictObject({}),
    create: (_, context) => {
      const right = tiny(Math.floor(context.random.next() * 2 ** 32));
      return { ...right, ...change(right, context) };
    },
  }),
});

export const rightEnricher = subject(() => ({}));

const broken = (law: string, how: string, change: Change): Broken<Subject> => ({ law, how, make: subject(change) });
/** Every event changed after the right enricher. */
const after =
  (change: (event: UsageEvent, state: State) => UsageEvent): Change =>
  (right) => ({
    enrich: (state, event) => {
      const out = right.enrich(state, event);
      return out && change(out, state);
    },
  });

const odd = 'an event goes in, and one or none comes out, whatever it holds';
const measured = 'what was measured stays as it was';
const told = 'what time has decided lies before it, and is told once';
const read = 'a state that is read back goes on as the one that was written';
const forgets = 'it forgets a user or a group when asked, and nobody else';
const same = 'the same seed and events give the same, whatever the clock and chance of the process';

export const brokenEnrichers: readonly Broken<Subject>[] = [
  ...commonlyBroken(rightEnricher),
  broken(odd, 'it takes for granted that there is a resource', (right) => ({
    enrich: (state, event) => right.enrich(state, { ...event, resource: (event.resource as string).toString() }),
  })),
  broken(odd, 'it throws on what is no address', (right) => ({
    enrich: (state, event) => {
      if (event.ip !== undefined && !/^\d+(\.\d+){3}$/.test(event.ip)) throw new Error('no address');
      return right.enrich(state, event);
    },
  })),
  broken(
    odd,
    'a look-up may find a function',
    after((event) => {
      // As a table that is a plain object does.
      if (event.country === '__proto__') event.group = ({} as Record<string, string>)['constructor'] as string;
      return event;
    }),
  ),
  broken(
    'it never invents a user',
    'the address is the user',
    after((event) => ({ ...event, user: event.user ?? (event.ip as string) })),
  ),
  broken(
    measured,
    'times are rounded to seconds',
    after((event) => ({ ...event, at: Math.floor(event.at / 1000) * 1000 })),
  ),
  broken(
    measured,
    'a count of nothing is one',
    after((event) => ({ ...event, count: event.count || 1 })),
  ),
  broken(
    measured,
    'robots are another kind',
    after((event) => (event.agent === '' ? { ...event, kind: 'robot' } : event)),
  ),
  broken(told, 'it is told at each step', (right) => ({
    expire: (state, at) =>
      at === START + 30 * DAY
        ? [{ at: at - 1, kind: 'session-end', group: '', pop: '', outcome: 'served' }]
        : (right.expire?.(state, at) ?? []),
  })),
  broken(told, 'it is told of the next step', (right) => ({
    expire: (state, at) => (right.expire?.(state, at) ?? []).map((event) => ({ ...event, at })),
  })),
  broken(read, 'times are written in seconds', (right) => ({
    encode: ({ seen }) =>
      right.encode({ seen: Object.fromEntries(Object.entries(seen).map(([user, last]) => [user, Math.floor(last / 600_000) * 600_000])) }),
  })),
  broken(read, 'it forgets', (right) => ({
    decode: (bytes) => {
      right.decode(bytes);
      return right.begin();
    },
  })),
  broken(read, 'hashes have a key of the process', (right) => {
    const salt = `${salts++}/`;
    return {
      enrich: (state, event) => {
        const out = right.enrich(state, event.user === undefined ? event : { ...event, user: salt + event.user });
        return out && (event.user === undefined ? out : { ...out, user: event.user });
      },
      forget: (state, what) => right.forget?.(state, 'user' in what ? { user: salt + what.user } : what),
    };
  }),
  broken('bytes that it did not write are refused', 'what is unreadable begins anew', (right) => ({
    decode: (bytes) => {
      try {
        return right.decode(bytes);
      } catch {
        return right.begin();
      }
    },
  })),
  broken('shards are kept apart', 'it keeps the last user outside the state', (right) => {
    let last: State | undefined;
    return {
      ...after((event, state) => {
        const other = last !== undefined && last !== state;
        last = state;
        return other ? { ...event, feature: 'another shard was here' } : event;
      })(right, undefined as never),
    };
  }),
  broken(
    same,
    'it looks at the wall clock',
    after((event) => ({ ...event, feature: new Date().getFullYear() > 2040 ? 'new' : 'old' })),
  ),
  broken(same, 'it samples by its own chance', (right) => ({
    enrich: (state, event) => (Math.random() === 0.999_999 ? undefined : right.enrich(state, event)),
  })),
  broken(forgets, 'it only says so', () => ({ forget: () => undefined })),
  broken(forgets, 'it begins anew', () => ({
    forget: ({ seen }) => {
      for (const user of Object.keys(seen)) delete seen[user];
    },
  })),
  broken(forgets, 'it marks whom it was to forget', (right) => ({
    forget: (state, what) => {
      right.forget?.(state, what);
      if ('user' in what) state.seen[`forgot ${what.user.length}`] = 0;
    },
  })),
  broken(forgets, 'it forgets users, and keeps the names of groups', (right) => ({
    enrich: (state, event) => {
      const out = right.enrich(state, event);
      if (event.group.startsWith('group-')) state.seen[event.group] = event.at;
      return out;
    },
  })),
  broken('no user, address or agent is kept in clear', 'it keeps the addresses that it saw', (right) => ({
    enrich: (state, event) => {
      if (event.ip !== undefined && !state.clear?.includes(event.ip)) state.clear = [...(state.clear ?? []), event.ip];
      return right.enrich(state, event);
    },
  })),
];

const START = Date.UTC(2026, 0, 5);
const DAY = 86_400_000;
let salts = 0;
