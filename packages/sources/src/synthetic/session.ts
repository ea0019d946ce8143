import type { UsageEvent } from '@auspex/contracts';
import { hash32, type SeededRandom } from '@auspex/numerics';
import type { SyntheticGroup } from './config.ts';
import { length, skewed } from './draws.ts';
import type { Incidents } from './incidents.ts';

/** No event of a session is later than this after its beginning, milliseconds. */
export const MAX_SESSION = 30 * 60_000;
/** The last first attempt: after it there is room for its retries. */
const LAST = MAX_SESSION - 30_000;
/** Mean time between two things that a user asks for, milliseconds. */
const THINKING = 20_000;
const MOST_ATTEMPTS = 4;
/** Things of one feature. */
const THINGS = 20;
const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0',
];

/** What a user does from signing in to the last retry, in the order in which it was drawn. */
export function* sessionEvents(
  group: SyntheticGroup,
  begin: number,
  session: string,
  random: SeededRandom,
  incidents: Incidents,
): Generator<UsageEvent> {
  const user = `${group.name}-user-${skewed(random, group.users)}`;
  const own = hash32(user);
  const country = group.countries[Math.floor((own / 2 ** 32) ** 2 * group.countries.length)] as string;
  const made = (at: number, more: Partial<UsageEvent>): UsageEvent =>
    blank(at, {
      group: group.name,
      pop: group.pops[hash32(country) % group.pops.length] as string,
      user,
      session,
      country,
      accessLevel: own % 10 === 0 ? 'gold' : 'free',
      ip: `198.51.100.${own % 256}`,
      agent: AGENTS[own % AGENTS.length] as string,
      ...more,
    });
  let at = begin;
  if (random.next() < 0.05) {
    yield made(at, { kind: 'sign-in-failure' });
    at += 2_000 + random.below(5_000);
  }
  yield made(at, { kind: 'sign-in' });
  const things = length(random, group.session);
  for (let n = 0; n < things; n++) {
    at += 1 + Math.floor(-Math.log(1 - random.next()) * THINKING);
    if (at - begin > LAST) return;
    const feature = group.features[skewed(random, group.features.length)] as string;
    const asked = { feature, resource: `/${feature}/${skewed(random, THINGS)}`, bytes: Math.round(2_000 * Math.exp(random.normal())) };
    let tried = at;
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const outcome = incidents.outcome(group.name, tried, random);
      yield made(tried, { ...asked, outcome, attempt, bytes: outcome === 'served' ? asked.bytes : 0 });
      if (outcome === 'served') break;
      tried += Math.floor(1_000 * 2 ** (attempt - 1) * (0.5 + random.next()));
    }
  }
}

/** An event with all its properties, in the order of the other sources: one hidden class. */
export function blank(at: number, more: Partial<UsageEvent>): UsageEvent {
  const event = {
    at,
    kind: more.kind ?? 'request',
    group: more.group ?? '',
    pop: more.pop ?? '',
    outcome: more.outcome ?? 'served',
    attempt: more.attempt ?? 1,
    count: 1,
    weight: 1,
    bytes: more.bytes ?? 0,
    user: more.user,
    accessLevel: more.accessLevel,
    session: more.session,
    sessionStart: false,
    sessionMs: undefined,
    resource: more.resource,
    feature: more.feature,
    country: more.country,
    ip: more.ip,
    agent: more.agent,
  };
  return event as unknown as UsageEvent;
}
