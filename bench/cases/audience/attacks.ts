// Attacks, of four families. Generated.
import type { SeededRandom } from '../../../packages/numerics/src/index.ts';
import { LOGIN } from './dress.ts';
import { placesOf } from './places.ts';
import { between, pick, within } from './shape.ts';
import { type Plan, request } from './visitors.ts';
import { type Session, STEP, type World } from './world.ts';

export const FAMILIES = ['credential stuffing', 'scraping', 'volumetric', 'mimic'] as const;
export type Family = (typeof FAMILIES)[number];

interface Draw {
  readonly world: World;
  readonly random: SeededRandom;
  /** Real sessions around that time. */
  readonly sessions: readonly Session[];
}

/** What an attack was drawn to be, for the report. */
export interface Drawn {
  readonly plan: Plan;
  /** Variant within the family, as the report has a row for it. */
  readonly variant: string;
}

const PLANS: Readonly<Record<Family, (draw: Draw) => Drawn>> = { 'credential stuffing': stuffing, scraping, volumetric, mimic };

export function attackPlan(family: Family, draw: Draw): Drawn {
  return PLANS[family](draw);
}

const PLACES = ['usual', 'one usual', 'one new', 'spread', 'spread'] as const;

/** Sources that share the work, some harder than others; a share of them is replaced in each step. */
function sourcesOf(
  { world, random }: Draw,
  count: number,
): (step: number) => { readonly user: string; readonly country: string | undefined } {
  const [spread, churn] = [within(random, 0, 1), random.next() < 0.5 ? 0 : within(random, 0, 0.6)];
  const place = placesOf(world, random, pick(random, PLACES));
  let at = 0;
  const fresh = (): { user: string; country: string | undefined } => ({ user: `machine-${random.below(2 ** 40)}`, country: place() });
  const pool = Array.from({ length: count }, fresh);
  let total = 0;
  const upTo = pool.map(() => {
    total += Math.exp(spread * random.normal());
    return total;
  });
  return (step) => {
    for (; at < step; at++) for (const n of pool.keys()) if (random.next() < churn) pool[n] = fresh();
    const drawn = random.next() * total;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] as number) > drawn) high = middle;
      else low = middle + 1;
    }
    return pool[low] as { user: string; country: string | undefined };
  };
}

/** Leaked names and passwords, tried one after the other. Where the log has no sign-ins, only the requests are seen. */
function stuffing(draw: Draw): Drawn {
  const { world, random } = draw;
  const count = Math.round(between(random, 3, 3_000));
  const source = sourcesOf(draw, count);
  const [success, form] = [between(random, 0.001, 0.03), random.next() < 0.5 ? 0 : within(random, 0, 0.5)];
  return {
    variant: world.signIns ? 'sign-ins are seen' : 'requests alone are seen',
    plan: {
      pool: (chance, at, step) => {
        const by = { ...source(step), at, member: false };
        if (chance.next() < form) return [request(world, { ...by, resource: pick(chance, [LOGIN, '/', '/style2.css']), bytes: 2_500 })];
        const attempt = request(world, { ...by, resource: LOGIN, bytes: 900 });
        if (!world.signIns) return [attempt];
        const { resource: _, ...rest } = attempt;
        const kind = chance.next() < success ? 'sign-in' : 'sign-in-failure';
        return [attempt, { ...rest, kind, bytes: 0, user: `leaked-${chance.below(2 ** 40)}` }];
      },
    },
  };
}

/** A copy of the catalogue: each page once, those that few read among them, and those that are guessed. */
function scraping(draw: Draw): Drawn {
  const { world, random } = draw;
  const source = sourcesOf(draw, Math.round(between(random, 1, 500)));
  const [guessed, member] = [random.next() < 0.4 ? 0 : within(random, 0, 0.9), random.next() < 0.2];
  // A browser without a head loads the pictures, too.
  const browser = random.next() < 0.3;
  const pictures = world.resources.slice(0, 60).filter((resource) => !world.pages.includes(resource));
  const catalogue = browser || random.next() < 0.5 ? world.resources : world.pages;
  let next = random.below(catalogue.length);
  return {
    variant: browser ? 'loads pictures' : 'pages alone',
    plan: {
      pool: (chance, at, step) => {
        const by = { ...source(step), at, member };
        const resource =
          chance.next() < guessed ? `/catalogue/item-${chance.below(1e6)}` : (catalogue[next++ % catalogue.length] as string);
        const events = [request(world, { ...by, resource, bytes: Math.round(between(chance, 2_000, 40_000)) })];
        for (let n = browser ? chance.below(4) : 0; n > 0; n--)
          events.push(request(world, { ...by, resource: pick(chance, pictures), bytes: 3_000 }));
        return events;
      },
    },
  };
}

/** Requests for their own sake, of few machines or of very many. */
function volumetric(draw: Draw): Drawn {
  const { world, random } = draw;
  const few = random.next() < 0.5;
  const source = sourcesOf(draw, Math.round(few ? between(random, 1, 20) : between(random, 100, 10_000)));
  const target = pick(random, ['one', 'one', 'some', 'popular', 'unique']);
  const some = Array.from({ length: target === 'one' ? 1 : 2 + random.below(20) }, () => pick(random, world.resources.slice(0, 200)));
  const resource = (chance: SeededRandom): string => {
    if (target === 'unique') return `/x${chance.below(1e9)}`;
    // As many of each as are usual: the first click of any session.
    if (target === 'popular') return pick(chance, pick(chance, world.sessions).clicks).resource;
    return pick(chance, some);
  };
  return {
    variant: few ? 'at most 20 sources' : '100 to 10,000 sources',
    plan: {
      pool: (chance, at, step) => [request(world, { ...source(step), at, member: false, resource: resource(chance), bytes: 3_000 })],
    },
  };
}

/** Plays real sessions of the group, click by click, from sources of its own. How often it can afford a fresh one decides whether it is seen. */
function mimic(draw: Draw): Drawn {
  const { world, random, sessions } = draw;
  const fresh = random.next();
  const pause = within(random, 0, 60_000);
  const place = placesOf(world, random, pick(random, PLACES));
  const member = random.next() < 0.2;
  /** Sources that have ended a session, and when they are ready for another. */
  const idle: { user: string; country: string | undefined; at: number }[] = [];
  const hurry = between(random, 1, 10);
  return {
    variant:
      fresh < 1 / 3 ? 'sources serve many sessions' : fresh < 2 / 3 ? 'sources serve some sessions' : 'a fresh source for most sessions',
    plan: {
      visits: (at) => {
        const ready = random.next() < fresh ? -1 : idle.findIndex((source) => source.at <= at);
        const by =
          ready < 0
            ? { user: `machine-${random.below(2 ** 40)}`, country: place() }
            : (idle.splice(ready, 1)[0] as { user: string; country: string | undefined });
        // A machine reads faster than people do.
        const clicks = pick(random, sessions).clicks.map((click) => ({ ...click, after: Math.round(click.after / hurry) }));
        const last = Math.min(clicks.at(-1)?.after ?? 0, 10 * STEP);
        idle.push({ user: by.user, country: by.country, at: at + last + pause * (0.5 + random.next()) });
        return { ...by, member, clicks };
      },
    },
  };
}
