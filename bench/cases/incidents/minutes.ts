// The events of a pool's minutes. Usage keeps one count for each name of each attribute, so one event stands for each stretch of a minute in which no
// attribute changes: some forty events instead of thousands, and the same usage.
import type { UsageEvent } from '../../../packages/contracts/src/index.ts';
import { SeededRandom } from '../../../packages/numerics/src/index.ts';
import type { Incident, Minute } from './incidents.ts';
import { MINUTE, type Mix, type PoolWorld, usualAt } from './pool.ts';

/** Users that the events of a minute are told apart by, at most. */
const USERS = 40;

/** Draws a pool's minutes one after the other. */
export class Minutes {
  readonly #world: PoolWorld;
  readonly #incidents: readonly Incident[];
  readonly #random: SeededRandom;
  #noise = 0;
  #last = 0;
  /** How the shares of resources wander. */
  readonly #wander: Map<string, number>;

  constructor(world: PoolWorld, incidents: readonly Incident[], seed: string) {
    this.#world = world;
    this.#incidents = incidents;
    this.#random = new SeededRandom(seed);
    this.#wander = new Map([...world.mixes.resource.keys()].map((name) => [name, 0]));
  }

  /** The events of the minute that begins at `at`; to be asked for every minute in turn. */
  next(at: number): UsageEvent[] {
    const [world, random] = [this.#world, this.#random];
    this.#noise = world.stay * this.#noise + Math.sqrt(1 - world.stay ** 2) * world.lasting * random.normal();
    for (const [name, off] of this.#wander) this.#wander.set(name, 0.9995 * off + 0.004 * random.normal());
    const minute: Minute = {
      usual: usualAt(world, at),
      factor: 1,
      resource: this.#wandered(world.mixes.resource),
      country: world.mixes.country,
      failing: world.failing,
      stuck: false,
    };
    for (const { from, to, apply } of this.#incidents) if (at >= from && at < to) apply(minute, Math.round((at - from) / MINUTE));
    const mean = minute.usual * minute.factor * Math.exp(this.#noise + world.fresh * random.normal());
    const drawn = random.poisson(mean);
    if (!minute.stuck) this.#last = drawn;
    return this.#events(at, this.#last, minute);
  }

  #wandered(mix: Mix): Mix {
    const weights = [...mix].map(([name, share]) => [name, share * Math.exp(this.#wander.get(name) ?? 0)] as const);
    const sum = weights.reduce((all, [, weight]) => all + weight, 0);
    return new Map(weights.map(([name, weight]) => [name, weight / sum]));
  }

  #events(at: number, requests: number, { resource, country, failing }: Minute): UsageEvent[] {
    const { id, mixes, bytes, perUser } = this.#world;
    const random = this.#random;
    if (requests === 0) return [];
    const users = Math.max(1, Math.min(USERS, Math.round((requests / perUser) * Math.exp(0.05 * random.normal()))));
    const of = random.below(1e6);
    const lanes = {
      resource: drawn(resource, requests, random),
      country: drawn(country, requests, random),
      feature: drawn(mixes.feature, requests, random),
      accessLevel: drawn(mixes.accessLevel, requests, random),
      outcome: drawn(
        new Map([
          ['served', 1 - failing],
          ['failed', failing],
        ]),
        requests,
        random,
      ),
      user: Array.from({ length: users }, (_, n) => [`u${of + n}`, (requests * (n + 1)) / users] as const),
    };
    const size = bytes * Math.exp(0.03 * random.normal());
    const events = cut(lanes, requests).map(
      ({ count, ...rest }): UsageEvent => ({ at, kind: 'request', group: id, pop: '', count, bytes: size * count, ...rest }) as UsageEvent,
    );
    for (const kind of ['sign-in', 'sign-in-failure'] as const) {
      const count = random.poisson((mixes.kind.get(kind) as number) * requests);
      if (count > 0) events.push({ at, kind, group: id, pop: '', outcome: 'served', count });
    }
    return events;
  }
}

type Lane = readonly (readonly [name: string, end: number])[];

/** Counts by name, as ends of stretches: multinomial, one name after the other. */
function drawn(mix: Mix, count: number, random: SeededRandom): Lane {
  let [left, rest, end] = [count, 1, 0];
  const names = [...mix];
  return names.flatMap(([name, share], index) => {
    const p = Math.min(1, share / rest);
    const n = index === names.length - 1 ? left : binomial(left, p, random);
    left -= n;
    rest = Math.max(1e-12, rest - share);
    end += n;
    return n > 0 ? [[name, end] as const] : [];
  });
}

function binomial(n: number, p: number, random: SeededRandom): number {
  if (p <= 0 || n === 0) return 0;
  if (p >= 1) return n;
  if (n * p < 10 || n * (1 - p) < 10) return p <= 0.5 ? Math.min(n, random.poisson(n * p)) : n - Math.min(n, random.poisson(n * (1 - p)));
  return Math.min(n, Math.max(0, Math.round(n * p + Math.sqrt(n * p * (1 - p)) * random.normal())));
}

/** Stretches in which no lane changes. */
function cut(lanes: Readonly<Record<string, Lane>>, count: number): (Record<string, unknown> & { count: number })[] {
  const ends = [...new Set(Object.values(lanes).flatMap((lane) => lane.map(([, end]) => end)))].sort((a, b) => a - b);
  const names = Object.keys(lanes);
  const places = names.map(() => 0);
  let begin = 0;
  return ends
    .filter((end) => end <= count)
    .map((end) => {
      const event: Record<string, unknown> & { count: number } = { count: end - begin };
      for (const [index, name] of names.entries()) {
        const lane = lanes[name] as Lane;
        while ((lane[places[index] as number]?.[1] ?? count) <= begin && (places[index] as number) < lane.length - 1)
          places[index] = (places[index] as number) + 1;
        event[name] = lane[places[index] as number]?.[0];
      }
      begin = end;
      return event;
    });
}
