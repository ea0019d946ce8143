// What is added to the logs, since they have none: sign-ins, access levels; and countries, which are those of the host names' last part.
import type { UsageEvent } from '../../../packages/contracts/src/index.ts';
import { hash32 } from '../../../packages/numerics/src/index.ts';

export const LOGIN = '/login';
/** Users who sign in, and the share of their sign-ins that fails at first. */
const MEMBERS = 0.3;
const FAILING = 0.06;

/** The country of a host name: its last part, where that is one. The American ones of 1995 are taken for such. */
export function countryOf(host: string): string | undefined {
  const last = /\.([a-z]{2,3})(?:~\d+)?$/.exec(host.toLowerCase())?.[1];
  if (last === undefined) return undefined;
  if (['edu', 'gov', 'mil'].includes(last)) return 'US';
  return last.length === 2 ? (last === 'uk' ? 'GB' : last.toUpperCase()) : undefined;
}

/** Three of ten users sign in when they come, and are members from then on. */
export function dressed(events: readonly UsageEvent[]): UsageEvent[] {
  const lastSeen = new Map<string, number>();
  const all: UsageEvent[] = [];
  for (const event of events) {
    const user = event.user as string;
    const member = share(user, 'member') < MEMBERS;
    const country = countryOf(user);
    const came = event.at - (lastSeen.get(user) ?? -Infinity) > 1_800_000;
    lastSeen.set(user, event.at);
    const placed = { ...event, accessLevel: member ? 'member' : 'anonymous', ...(country !== undefined && { country }) };
    if (member && came) all.push(...signIn(placed, share(`${user}/${event.at}`, 'fails') < FAILING));
    all.push(placed);
  }
  return all;
}

/** The request and the event of a sign-in; of one that fails first, of both. */
export function signIn(by: UsageEvent, fails: boolean): UsageEvent[] {
  const request = { ...by, kind: 'request', resource: LOGIN, bytes: 900, accessLevel: 'anonymous' };
  const { resource: _, ...rest } = by;
  const event = { ...rest, bytes: 0, kind: 'sign-in' };
  const success = [request, event];
  return fails ? [request, { ...event, kind: 'sign-in-failure', accessLevel: 'anonymous' }, ...success] : success;
}

/** A number in [0, 1) that goes with a text. */
function share(text: string, of: string): number {
  return hash32(text, hash32(of)) / 2 ** 32;
}
