import type { Anomaly, Observation, Usage } from '@auspex/contracts';
import { emptyUsage } from '@auspex/core';
import { addDistinct, addTally, SeededRandom } from '@auspex/numerics';
import { type AudienceOptions, audienceConfig } from '../../src/audience/config.ts';
import { Audience } from '../../src/audience/detector.ts';
import type { AudienceState } from '../../src/audience/state.ts';

export const MINUTE = 60_000;
/** Monday, ten o'clock UTC. */
export const START = Date.UTC(2026, 0, 5, 10);

/** One request or sign-in, as the engine's usage code would count it; users are numbers here. */
export interface Hit {
  readonly user?: number;
  readonly resource?: string;
  readonly country?: string;
  readonly level?: string;
  readonly kind?: 'request' | 'sign-in' | 'sign-in-failure';
}

/** The usage of a step, of its events. */
export function usageOf(step: number, hits: readonly Hit[]): Usage {
  const usage = emptyUsage(step, 'web', 'fra');
  for (const { user, resource, country, level, kind = 'request' } of hits) {
    addTally(usage.kinds, kind, 1);
    if (user !== undefined) usage.users = addDistinct(usage.users, hashOf(user));
    if (level !== undefined) addTally(usage.accessLevels, level, 1);
    if (country !== undefined) addTally(usage.countries, country, 1);
    if (kind !== 'request') continue;
    usage.offered++;
    usage.served++;
    if (resource !== undefined) addTally(usage.resources, resource, 1);
    if (user !== undefined) addTally(usage.sources, hashOf(user).toString(16).padStart(8, '0'), 1, 64);
  }
  return usage;
}

/** Spreads small numbers over 32 bits, as a keyed hash would. */
export function hashOf(user: number): number {
  return Math.imul(user + 1, 0x9e3779b1) >>> 0;
}

const PAGES = Array.from({ length: 40 }, (_, n) => `/page/${n}`);

/** An ordinary minute of some 100 requests: people who come for some minutes and look at pages with a picture, some of them members. */
export class Site {
  readonly random: SeededRandom;
  #people: { user: number; left: number; member: boolean }[] = [];
  #next = 1;

  constructor(seed = 'site') {
    this.random = new SeededRandom(seed);
  }

  minute(): Hit[] {
    const { random } = this;
    const hits: Hit[] = [];
    while (this.#people.length < 25) {
      // Of those who come, half have been there today.
      const back = this.#next > 20 && random.next() < 0.5;
      const user = back ? 1 + random.below(this.#next - 1) : this.#next++;
      const member = user % 3 === 0;
      this.#people.push({ user, left: 1 + random.below(5), member });
      if (!member) continue;
      hits.push({ user, resource: '/login', level: 'anonymous', country: countryOf(user) });
      hits.push({ user, kind: random.next() < 0.06 ? 'sign-in-failure' : 'sign-in', level: 'member', country: countryOf(user) });
    }
    for (const person of this.#people) {
      for (let n = 1 + random.below(3); n > 0; n--) hits.push(...this.page(person.user, person.member));
      person.left--;
    }
    this.#people = this.#people.filter(({ left }) => left > 0);
    return hits;
  }

  /** One page, with its pictures. */
  page(user: number, member = false, page = PAGES[Math.floor(PAGES.length * this.random.next() ** 2)] as string): Hit[] {
    const by = { user, level: member ? 'member' : 'anonymous', country: countryOf(user) };
    return [page, '/logo.gif', '/style.css'].map((resource) => ({ ...by, resource }));
  }

  /** Somebody who was there. */
  known(): number {
    return 1 + this.random.below(this.#next - 1);
  }
}

export const countryOf = (user: number): string => ['DE', 'DE', 'DE', 'AT', 'CH', 'FR'][user % 6] as string;

/** A detector at a site, with what came until now. */
export class Watch {
  readonly detector: Audience;
  readonly site: Site;
  state: AudienceState;
  step = START;

  constructor(options: Partial<Record<keyof AudienceOptions, unknown>> = {}, seed?: string) {
    this.detector = new Audience(audienceConfig.parse(options));
    this.site = new Site(seed);
    this.state = this.detector.begin({
      id: 'web@fra/requests',
      scope: 'group',
      name: 'web',
      pop: 'fra',
      measure: 'requests',
      zone: 'UTC',
      stepMs: MINUTE,
    });
  }

  /** @param strip what of usage is not known */
  see(hits: readonly Hit[], given: Partial<Observation> = {}, strip: (usage: Usage) => Usage | undefined = (usage) => usage): Anomaly {
    const usage = usageOf(this.step, hits);
    const observation: Observation = { step: this.step, value: usage.offered / 60, truth: 'observed', ...given };
    this.step += MINUTE;
    return this.detector.detect(this.state, observation, undefined, { usage: () => strip(usage) });
  }

  /** So many ordinary minutes. */
  ordinary(minutes: number, strip?: (usage: Usage) => Usage | undefined): this {
    for (let n = 0; n < minutes; n++) this.see(this.site.minute(), {}, strip);
    return this;
  }

  /** Ordinary minutes with something on top; the last answer. */
  surge(minutes: number, more: (minute: number) => readonly Hit[], strip?: (usage: Usage) => Usage | undefined): Anomaly {
    let last: Anomaly | undefined;
    for (let n = 0; n < minutes; n++) last = this.see([...this.site.minute(), ...more(n)], {}, strip);
    return last as Anomaly;
  }
}

export const times = <T>(count: number, make: (n: number) => readonly T[]): T[] => Array.from({ length: count }, (_, n) => make(n)).flat();
