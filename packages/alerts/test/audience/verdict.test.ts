import type { Anomaly } from '@auspex/contracts';
import { expect, test } from 'vitest';
import { type Hit, hashOf, times, Watch } from './tools.ts';

/** Numbers of users who were never there. */
const STRANGER = 1_000_000;

/** Visitors of one minute of a flash crowd: all come to one page and load its pictures, some look at two more. */
function crowd({ site }: Watch, minute: number): Hit[] {
  return times(90, (n) => {
    const user = n % 4 === 0 ? site.known() : STRANGER + minute * 1_000 + n;
    const more = n % 2 === 0 ? times(2, () => site.page(user, user % 3 === 0)) : [];
    return [...site.page(user, user % 3 === 0, '/news/launch'), ...more];
  });
}

const machine = (n: number): Hit => ({
  user: STRANGER + n,
  level: 'anonymous',
  country: ['BR', 'VN', 'ID', 'UA', 'IN', 'TR'][n % 6] as string,
});

const ATTACKS: Readonly<Record<string, { readonly hits: (watch: Watch, minute: number) => Hit[]; readonly because: string }>> = {
  'credential stuffing of 200 machines': {
    hits: (_, minute) =>
      times(300, (n) => {
        const by = machine((n + minute * 7) % 200);
        return [
          { ...by, resource: '/login' },
          { ...by, user: 2 * STRANGER + minute * 1_000 + n, kind: 'sign-in-failure' as const },
        ];
      }),
    because: 'failure',
  },
  'a catalogue that is copied by five machines': {
    hits: (_, minute) => times(400, (n) => [{ ...machine(n % 5), resource: `/item/${minute * 400 + n}` }]),
    because: 'breadth rare-resources',
  },
  'a flood of three machines': {
    hits: () => times(2_000, (n) => [{ ...machine(n % 3), resource: '/page/0' }]),
    because: 'heavy-sources',
  },
  'a flood of two thousand machines with a request each': {
    hits: (_, minute) => times(500, (n) => [{ ...machine((n + 500 * minute) % 2_000), resource: `/?${minute}-${n}` }]),
    because: 'breadth rare-resources few-per-source',
  },
};

function probability({ hostility }: Anomaly): number {
  if (hostility?.probability === undefined) throw new Error(`no verdict: ${hostility?.text}`);
  return hostility.probability;
}

test('a flash crowd is an audience from its first verdict on', () => {
  const watch = new Watch().ordinary(120);
  for (let n = 0; n < 10; n++) {
    const anomaly = watch.surge(1, () => crowd(watch, n));
    expect(probability(anomaly), anomaly.cause).toBeLessThan(0.05);
    expect(anomaly.score).toBe(anomaly.hostility?.probability);
  }
});

test.each(Object.entries(ATTACKS))('%s is called hostile, for its own reason', (_, { hits, because }) => {
  const watch = new Watch().ordinary(120);
  const anomaly = watch.surge(5, (n) => hits(watch, n));
  expect(probability(anomaly), anomaly.cause).toBeGreaterThan(0.5);
  const first = anomaly.hostility?.contributions.find(({ of, amount }) => of !== 'prior' && amount > 0);
  expect(because.split(' ').some((name) => first?.of.startsWith(name))).toBe(true);
  expect(anomaly.cause).toMatch(/^looks like an attack \(\d/);
  expect(anomaly.cause).toContain(first?.text);
});

test('contributions add up to the log-odds, and a higher prior makes all more likely', () => {
  const judged = [0.01, 0.3].map((prior) => {
    const watch = new Watch({ prior }).ordinary(120);
    const anomaly = watch.surge(5, (n) => crowd(watch, n));
    const logit = (anomaly.hostility?.contributions ?? []).reduce((sum, { amount }) => sum + amount, 0);
    expect(1 / (1 + Math.exp(-logit))).toBeCloseTo(probability(anomaly), 12);
    return logit;
  }) as [number, number];
  expect(judged[1] - judged[0]).toBeCloseTo(Math.log(0.3 / 0.7) - Math.log(0.01 / 0.99), 9);
});

test('no text names a source or a user', () => {
  for (const { hits } of Object.values(ATTACKS)) {
    const watch = new Watch().ordinary(120);
    const all = times(5, (n) => hits(watch, n));
    const { hostility, cause } = watch.surge(5, (n) => hits(watch, n));
    const said = [cause, hostility?.text, ...(hostility?.contributions ?? []).map(({ text }) => text)].join('\n');
    const hashes = new Set(all.flatMap(({ user }) => (user === undefined ? [] : [hashOf(user)])));
    for (const hash of hashes) {
      expect(said).not.toContain(hash.toString(16).padStart(8, '0'));
      expect(said).not.toContain(String(hash));
    }
  }
});

test('a resource is shown short and without what a terminal obeys', () => {
  const watch = new Watch().ordinary(120);
  const name = `/a\u001b[31m\n<!channel>${'x'.repeat(500)}`;
  const { hostility } = watch.surge(5, () => times(500, (n) => [{ ...machine(n % 3), resource: name }]));
  const said = hostility?.contributions.find(({ of }) => of === 'one-resource')?.text as string;
  expect(said).toContain('/a?[31m??!channel?xxx');
  expect(said.length).toBeLessThan(140);
  expect([...said].every((letter) => letter >= ' ')).toBe(true);
});
