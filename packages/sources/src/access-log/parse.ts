import type { UsageEvent } from '@auspex/contracts';
import { Interner, utf8 } from '../lines/index.ts';
import { outcomeOf, type ParseRecord } from '../records/index.ts';
import { LogTime, TIME_LENGTH } from './time.ts';

const SPACE = 32;
const QUOTE = 34;
const DASH = 45;
const BACKSLASH = 92;

/**
 * A parser of Common and Combined Log Format (Apache httpd, mod_log_config), with an optional virtual host before and
 * any fields after. Index arithmetic instead of a regular expression, since this is the hot path of a replay.
 */
export function accessLogParser(pop: string): ParseRecord {
  const time = new LogTime();
  // Hosts and paths repeat; one copy each also lets go of the block of text they were cut from.
  const hosts = new Interner();
  const resources = new Interner();

  return (text, from, to, ascii) => {
    // ... [time] "request" status bytes
    const bracket = text.indexOf(' [', from);
    if (bracket < 0 || bracket >= to) return 'no [time]';
    const at = time.read(text, bracket + 2);
    // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for NaN
    if (at !== at) return 'the time is not like 01/Aug/1995:02:00:00 -0400';
    const open = bracket + 2 + TIME_LENGTH + 2;
    if (open >= to || text.charCodeAt(open) !== QUOTE) return 'no "request" after the time';
    const close = requestEnd(text, open, to);
    if (close < 0) return 'no status after the request';
    const status = number3(text, close + 2);

    // [vhost] host ident user
    let host = from;
    let hostEnd = text.indexOf(' ', from);
    let identEnd = text.indexOf(' ', hostEnd + 1);
    if (hostEnd >= bracket || identEnd >= bracket) return 'fewer than three fields before the time';
    const dashed = text.charCodeAt(hostEnd + 1) === DASH && identEnd === hostEnd + 2;
    if (!dashed) {
      // A name in the second field is an ident, or a client behind a virtual host: then four fields come before the time.
      const third = text.indexOf(' ', identEnd + 1);
      if (third < bracket && text.charCodeAt(identEnd + 1) === DASH && third === identEnd + 2) {
        host = hostEnd + 1;
        hostEnd = identEnd;
        identEnd = third;
      }
    }
    const userAt = identEnd + 1;
    const anonymous = bracket - userAt === 1 && text.charCodeAt(userAt) === DASH;
    const ip = hosts.get(text.slice(host, hostEnd));
    let user = ip;
    if (!anonymous) {
      const name = text.slice(userAt, bracket);
      user = name === '""' ? ip : hosts.get(ascii ? name : utf8(name));
    }

    // status bytes ["referer" "agent"]
    let next = close + 6;
    let bytes = 0;
    for (; next < to; next++) {
      const digit = text.charCodeAt(next) - 48;
      if (digit < 0 || digit > 9) break;
      bytes = bytes * 10 + digit;
    }
    if (next === close + 6 && text.charCodeAt(next) === DASH) next++;
    // The referer's opening quote is looked for at its place only: a Common line has none.
    let agent: string | undefined;
    if (next + 1 < to && text.charCodeAt(next + 1) === QUOTE) {
      const refererEnd = quoteEnd(text, next + 2, to);
      if (refererEnd > 0 && refererEnd + 2 < to && text.charCodeAt(refererEnd + 2) === QUOTE) {
        const agentEnd = quoteEnd(text, refererEnd + 3, to);
        if (agentEnd > 0) agent = text.slice(refererEnd + 3, agentEnd);
      }
    }

    const path = resourceOf(text, open + 1, close);
    // All properties, always in this order: one hidden class for all that follows.
    const event = {
      at,
      kind: 'request',
      group: '',
      pop,
      outcome: outcomeOf(status),
      attempt: 1,
      count: 1,
      weight: 1,
      bytes,
      user,
      accessLevel: undefined,
      session: undefined,
      sessionStart: false,
      sessionMs: undefined,
      resource: resources.get(ascii ? path : utf8(path)),
      feature: undefined,
      country: undefined,
      ip,
      agent: agent === undefined || ascii ? agent : utf8(agent),
    };
    return event as unknown as UsageEvent;
  };
}

/** The quote that ends the request: the first that a status follows, since requests of broken clients hold quotes. -1 when none. */
function requestEnd(text: string, open: number, to: number): number {
  for (let close = text.indexOf('" ', open + 1); close >= 0 && close + 5 <= to; close = text.indexOf('" ', close + 1)) {
    const after = close + 5;
    if (number3(text, close + 2) >= 100 && (after === to || text.charCodeAt(after) === SPACE)) return close;
  }
  return -1;
}

/** Three digits as a number; -1 when they are none. */
function number3(text: string, at: number): number {
  const a = text.charCodeAt(at) - 48;
  const b = text.charCodeAt(at + 1) - 48;
  const c = text.charCodeAt(at + 2) - 48;
  return a < 0 || a > 9 || b < 0 || b > 9 || c < 0 || c > 9 ? -1 : a * 100 + b * 10 + c;
}

/** The next quote without a backslash; -1 when there is none before `to`. */
function quoteEnd(text: string, from: number, to: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && at < to && text.charCodeAt(at - 1) === BACKSLASH) at = text.indexOf('"', at + 1);
  return at < to ? at : -1;
}

/** The path of `GET /a/b?c HTTP/1.0`; '' when the request has none, as with a client that sent nothing before a time-out. */
function resourceOf(text: string, from: number, to: number): string {
  const space = text.indexOf(' ', from);
  if (space < 0 || space >= to) return '';
  let start = space + 1;
  let end = text.indexOf(' ', start);
  if (end < 0 || end > to) end = to;
  // A proxy's request names the whole address.
  if (text.charCodeAt(start) === 104 && /^https?:$/.test(text.slice(start, text.indexOf('/', start)))) {
    const slash = text.indexOf('/', text.indexOf('//', start) + 2);
    start = slash < 0 || slash > end ? end : slash;
  }
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === 63 || code === 35) {
      end = i;
      break;
    }
  }
  return text.slice(start, end);
}
