// Audiences, of many kinds: those who must not be called hostile. Generated; their paths through the site are those of real sessions.
import type { SeededRandom } from '../../../packages/numerics/src/index.ts';
import { placesOf } from './places.ts';
import { between, pick, within } from './shape.ts';
import type { Plan, Visitor } from './visitors.ts';
import type { Click, Session, World } from './world.ts';

export const CROWDS = [
  'news',
  'television',
  'regional',
  'returning',
  'mail',
  'application',
  'sale',
  'shared addresses',
  'organic',
] as const;
export type Crowd = (typeof CROWDS)[number];

interface Draw {
  readonly world: World;
  readonly random: SeededRandom;
  /** Users who were there earlier that day. */
  readonly known: readonly string[];
  /** Real sessions around that time. */
  readonly sessions: readonly Session[];
}

const PLANS: Readonly<Record<Crowd, (draw: Draw) => Plan>> = {
  news: (draw) => landing(draw, { known: within(draw.random, 0, 0.3) }),
  television: (draw) => landing(draw, { known: within(draw.random, 0, 0.15), page: pick(draw.random, draw.world.pages.slice(0, 3)) }),
  regional: (draw) => landing(draw, { known: within(draw.random, 0, 0.3), place: draw.random.next() < 0.5 ? 'one usual' : 'one new' }),
  returning: (draw) => landing(draw, { known: within(draw.random, 0.5, 0.95), bounce: within(draw.random, 0, 0.6) }),
  mail: (draw) =>
    landing(draw, { known: within(draw.random, 0.2, 0.6), members: within(draw.random, 0.4, 0.9), fails: within(draw.random, 0.04, 0.15) }),
  application,
  sale,
  'shared addresses': (draw) => landing(draw, { known: within(draw.random, 0, 0.3), shared: within(draw.random, 0.1, 0.5) }),
  organic,
};

export function crowdPlan(kind: Crowd, draw: Draw): Plan {
  return PLANS[kind](draw);
}

interface Landing {
  readonly known: number;
  readonly page?: string;
  readonly place?: Parameters<typeof placesOf>[2];
  readonly bounce?: number;
  readonly members?: number;
  readonly fails?: number;
  /** Share of visitors behind a few addresses. */
  readonly shared?: number;
}

/** They come to one page, and go on from there as others do, or leave. */
function landing(draw: Draw, given: Landing): Plan {
  const { world, random, sessions } = draw;
  const fresh = given.page === undefined && random.next() < 0.5;
  const page = given.page ?? (fresh ? `/news/${random.below(1e6)}.html` : pick(random, world.pages.slice(0, 40)));
  const parts = partsOf(draw, page, fresh);
  const bounce = given.bounce ?? within(random, 0.2, 0.9);
  const members = given.members ?? within(random, 0, 0.35);
  const fails = given.fails ?? within(random, 0.03, 0.1);
  const place = placesOf(world, random, given.place ?? pick(random, ['usual', 'usual', 'one usual', 'one new']));
  const gateways = Array.from({ length: 3 + random.below(18) }, () => `gateway-${random.below(1e9)}`);
  const who = whoOf(draw, given.known);
  return {
    visits: (at) => {
      const member = random.next() < members;
      const session = random.next() < bounce ? [] : restOf(pick(random, sessions));
      const user = random.next() < (given.shared ?? 0) ? pick(random, gateways) : who(at);
      // Some have the pictures in their cache, or show none.
      const clicks = [{ after: 0, resource: page, bytes: 6_000 }, ...parts.filter(() => random.next() < 0.85), ...session];
      return { user, country: place(), member, signsIn: member ? random.next() < fails : undefined, clicks };
    },
  };
}

/** What comes with a page: as many resources as real sessions begin with. */
function partsOf({ random, world }: Draw, page: string, fresh: boolean): Click[] {
  const pictures = world.resources.slice(0, 60).filter((resource) => !world.pages.includes(resource));
  return Array.from({ length: random.below(9) }, (_, n) => ({
    after: 200 + random.below(3_000),
    resource: fresh && random.next() < 0.5 ? `${page}-${n}.gif` : pick(random, pictures),
    bytes: Math.round(between(random, 300, 60_000)),
  }));
}

/** What follows the first page of a session. */
function restOf({ clicks }: Session): Click[] {
  return clicks.slice(1).map((click) => ({ ...click, after: click.after + 3_000 }));
}

function whoOf({ random, known }: Draw, share: number): (at: number) => string {
  return () => (known.length > 0 && random.next() < share ? pick(random, known) : `visitor-${random.below(2 ** 40)}`);
}

/** A release of an application: all its installations call one endpoint, some again and again. */
function application(draw: Draw): Plan {
  const { world, random } = draw;
  const endpoint = random.next() < 0.5 ? `/api/v${random.below(9)}/sync` : pick(random, world.resources.slice(0, 60));
  const [calls, pause, known] = [between(random, 1, 12), between(random, 2_000, 120_000), within(random, 0, 0.9)];
  const steady = random.next() < 0.5;
  const members = within(random, 0, 0.8);
  const place = placesOf(world, random, pick(random, ['usual', 'one usual']));
  const who = whoOf(draw, known);
  return {
    visits: (at) => {
      const member = random.next() < members;
      const count = Math.max(1, steady ? Math.round(calls) : random.poisson(calls));
      const clicks = Array.from({ length: count }, (_, n) => ({
        after: Math.round(n * pause * within(random, 0.9, 1.1)),
        resource: endpoint,
        bytes: 800,
      }));
      return { user: who(at), country: place(), member, clicks };
    },
  };
}

/** Tickets, or shoes: members who load one page again and again until it sells. */
function sale(draw: Draw): Plan {
  const { world, random } = draw;
  const page = random.next() < 0.5 ? `/sale/${random.below(1e6)}` : pick(random, world.pages.slice(0, 40));
  const parts = partsOf(draw, page, random.next() < 0.5);
  const [loads, patience] = [between(random, 3, 25), between(random, 0.3, 1)];
  const [members, fails] = [within(random, 0.3, 1), within(random, 0.04, 0.15)];
  const place = placesOf(world, random, pick(random, ['usual', 'one usual']));
  const who = whoOf(draw, within(random, 0, 0.6));
  return {
    visits: (at): Visitor => {
      const member = random.next() < members;
      const count = 1 + Math.floor(loads * Math.exp(patience * random.normal()));
      const clicks: Click[] = parts.map((part) => ({ ...part }));
      for (let n = 0, after = 0; n < Math.min(count, 120); n++, after += 2_000 + random.below(14_000))
        clicks.push({ after, resource: page, bytes: 6_000 });
      return { user: who(at), country: place(), member, signsIn: member ? random.next() < fails : undefined, clicks };
    },
  };
}

/** More people than usual who do what is usual: bad weather, a holiday. */
function organic(draw: Draw): Plan {
  const { world, random, sessions } = draw;
  const members = within(random, 0.2, 0.4);
  const fails = within(random, 0.03, 0.1);
  const place = placesOf(world, random, 'usual');
  const who = whoOf(draw, within(random, 0.1, 0.6));
  return {
    visits: (at) => {
      const member = random.next() < members;
      return {
        user: who(at),
        country: place(),
        member,
        signsIn: member ? random.next() < fails : undefined,
        clicks: pick(random, sessions).clicks,
      };
    },
  };
}
