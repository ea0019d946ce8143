// What is real: the requests of the logs, read by the product's own parser and counted by its own usage code.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Usage, UsageEvent } from '../../../packages/contracts/src/index.ts';
import { addEvent, emptyUsage } from '../../../packages/core/src/usage/accumulate.ts';
import { UserHash } from '../../../packages/core/src/users/hash.ts';
import { SeededRandom } from '../../../packages/numerics/src/index.ts';
import { accessLogParser } from '../../../packages/sources/src/access-log/index.ts';
import { BotEnricher, botConfig } from '../../../packages/sources/src/enrich/bot/index.ts';
import { dressed } from './dress.ts';

export const STEP = 60_000;
export const GROUP = 'site';

/** One request of a session, `after` ms from its first. */
export interface Click {
  readonly after: number;
  readonly resource: string;
  readonly bytes: number;
}

/** What one visitor did without a pause of half an hour. */
export interface Session {
  readonly user: string;
  readonly at: number;
  readonly clicks: readonly Click[];
}

/** A log as steps of usage, and what the generators draw from. */
export interface World {
  readonly name: string;
  readonly zone: string;
  readonly from: number;
  readonly steps: readonly Usage[];
  readonly sessions: readonly Session[];
  /** Distinct resources, the most frequent first; of them those that are pages. */
  readonly resources: readonly string[];
  readonly pages: readonly string[];
  /** Are there countries; sign-ins and access levels? */
  readonly countries: readonly string[];
  readonly signIns: boolean;
  readonly hash: (user: string, usage: Usage) => number;
}

interface Recipe {
  readonly name: string;
  readonly file: string;
  readonly zone: string;
  readonly copies: number;
  readonly dress: boolean;
}

const NASA = { file: 'nasa_19950801_clf.log', zone: '-04:00' };
const SEMI = { file: 'semicomplete_2015_combined.log', zone: 'UTC' };
const RECIPES: readonly Recipe[] = [
  { name: 'nasa', ...NASA, copies: 1, dress: false },
  { name: 'nasa, dressed', ...NASA, copies: 1, dress: true },
  { name: 'nasa x8', ...NASA, copies: 8, dress: false },
  { name: 'nasa x8, dressed', ...NASA, copies: 8, dress: true },
  { name: 'semicomplete x24', ...SEMI, copies: 24, dress: false },
  { name: 'semicomplete x24, dressed', ...SEMI, copies: 24, dress: true },
];

/** The worlds of the logs that are in the folder, and the names of those that are not. */
export function readWorlds(folder: string): { readonly worlds: World[]; readonly absent: string[] } {
  const there = (file: string): boolean => existsSync(path.join(folder, file));
  const absent = [NASA, SEMI].map(({ file }) => file).filter((file) => !there(file));
  return { worlds: RECIPES.filter(({ file }) => there(file)).map((recipe) => build(recipe, folder)), absent };
}

function build({ name, file, zone, copies, dress }: Recipe, folder: string): World {
  const log = file === SEMI.file ? spread(parse(path.join(folder, file))) : parse(path.join(folder, file));
  const laid = copies === 1 ? log : overlaid(log, copies, file === SEMI.file);
  const sessions = sessionsOf(log);
  const events = dress ? dressed(laid) : laid;
  const from = Math.floor((laid[0] as UsageEvent).at / STEP) * STEP;
  const keys = new UserHash({ of: (day) => Buffer.from(`audience bench, day ${day}`) }, () => zone);
  const hash = (user: string, usage: Usage): number => keys.of(user, usage);
  const steps = Array.from({ length: Math.floor(((laid.at(-1) as UsageEvent).at - from) / STEP) }, (_, n) =>
    emptyUsage(from + n * STEP, GROUP, ''),
  );
  for (const event of events) {
    const usage = steps[Math.floor((event.at - from) / STEP)];
    if (usage) addEvent(usage, event, hash);
  }
  const counts = new Map<string, number>();
  for (const { resource } of log) counts.set(resource as string, (counts.get(resource as string) ?? 0) + 1);
  const resources = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([resource]) => resource);
  const countries = dress ? events.flatMap(({ country }) => country ?? []) : [];
  return {
    name,
    zone,
    from,
    steps,
    sessions,
    resources,
    pages: resources.filter((resource) => /(\/|\.x?html?)$/.test(resource)),
    countries,
    signIns: dress,
    hash,
  };
}

/** Requests of people: bots are set apart as the `bot` enricher does it. */
function parse(file: string): UsageEvent[] {
  const text = readFileSync(file, 'latin1');
  const parser = accessLogParser('');
  const bots = new BotEnricher(botConfig.parse({}));
  const events: UsageEvent[] = [];
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    const to = end < 0 ? text.length : end;
    const event = parser(text, from, to, false);
    if (typeof event === 'object' && event !== null && !bots.isBot((event as UsageEvent).agent)) events.push(event as UsageEvent);
    from = to + 1;
  }
  return events.sort((a, b) => a.at - b.at);
}

/** The published semicomplete log has all requests of an hour in its minute 5: they are laid out evenly over the hour, in the order of the file. */
function spread(events: readonly UsageEvent[]): UsageEvent[] {
  const hours = new Map<number, UsageEvent[]>();
  for (const event of events) {
    const hour = Math.floor(event.at / 3_600_000);
    const list = hours.get(hour);
    if (list) list.push(event);
    else hours.set(hour, [event]);
  }
  return [...hours].flatMap(([hour, list]) =>
    list.map((event, n) => ({ ...event, at: hour * 3_600_000 + Math.floor(((n + 0.5) * 3_600_000) / list.length) })),
  );
}

/** The log laid over itself, each copy shifted and with users of its own: the mix of the log at a larger site. */
function overlaid(events: readonly UsageEvent[], copies: number, around: boolean): UsageEvent[] {
  const random = new SeededRandom('copies');
  const [first, last] = [(events[0] as UsageEvent).at, (events.at(-1) as UsageEvent).at];
  const span = Math.ceil((last - first) / 3_600_000) * 3_600_000;
  const all: UsageEvent[] = [];
  for (let copy = 0; copy < copies; copy++) {
    // Whole hours around the clock where the log has days, else up to half an hour.
    const shift =
      copy === 0
        ? 0
        : around
          ? Math.round((span / 3_600_000 / copies) * copy) * 3_600_000 + random.below(STEP)
          : random.below(STEP * 60) - 30 * STEP;
    for (const event of events) {
      const at = around ? first + ((event.at - first + shift) % span) : event.at + shift;
      if (at < first || at > last) continue;
      all.push({ ...event, at, user: copy === 0 ? (event.user as string) : `${event.user}~${copy}` });
    }
  }
  return all.sort((a, b) => a.at - b.at);
}

const PAUSE = 1_800_000;

function sessionsOf(events: readonly UsageEvent[]): Session[] {
  const open = new Map<string, { user: string; at: number; last: number; clicks: Click[] }>();
  const all: Session[] = [];
  for (const { at, user, resource, bytes } of events) {
    let session = open.get(user as string);
    if (!session || at - session.last > PAUSE) {
      session = { user: user as string, at, last: at, clicks: [] };
      open.set(user as string, session);
      all.push(session);
    }
    session.last = at;
    session.clicks.push({ after: at - session.at, resource: resource as string, bytes: bytes ?? 0 });
  }
  return all;
}
