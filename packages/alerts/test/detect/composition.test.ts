import type { Detector, Plugin, Usage, UsageEvent } from '@auspex/contracts';
import { addTally, pack, SeededRandom, unpack } from '@auspex/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shiftOf } from '../../src/detect/composition/shift.ts';
import { type CompositionState, composition, eventSurprise, mixOf, stepSurprise } from '../../src/detect/index.ts';
import { at, eventOf, infoOf, MINUTE, make, usageOf } from './tools.ts';

const plugin = composition as unknown as Plugin<'detector'>;
const RESOURCES = { '/': 0.4, '/search': 0.3, '/item': 0.2, '/cart': 0.08, '/login': 0.02 };
const COUNTRIES = { DE: 0.7, FR: 0.2, US: 0.1 };

/** Counts as they come: Poisson around their shares. */
const drawn = (random: SeededRandom, shares: Readonly<Record<string, number>>, requests: number): Record<string, number> =>
  Object.fromEntries(Object.entries(shares).map(([key, share]) => [key, random.poisson(share * requests)]));

class Life {
  readonly detector: Detector;
  readonly state: unknown;
  readonly random = new SeededRandom('composition');
  n = 0;

  constructor(options: Record<string, unknown> = {}) {
    this.detector = make(plugin, options);
    this.state = this.detector.begin(infoOf());
  }

  usage(requests = 600, resource: Readonly<Record<string, number>> = RESOURCES, more: { users?: number; failed?: number } = {}): Usage {
    const counts = drawn(this.random, resource, requests);
    const country = drawn(this.random, COUNTRIES, requests);
    return usageOf(this.n, { resource: counts, country }, { failed: this.random.poisson(0.002 * requests), ...more });
  }

  step(usage: Usage | undefined = this.usage(), truth: 'observed' | 'censored' = 'observed') {
    const value = usage.offered / 60;
    return this.detector.detect(this.state, at(this.n++, value, MINUTE, truth), value, { usage: () => usage });
  }

  live(steps: number, requests = 600): number[] {
    return Array.from({ length: steps }, () => this.step(this.usage(requests)).score);
  }
}

const takenOver = { ...RESOURCES, '/': 0.12, '/login': 0.3 };

describe('what it finds while as many come as always', () => {
  const lived = (): Life => {
    const life = new Life();
    life.live(3000);
    return life;
  };

  it('a resource that much more is asked of', () => {
    const life = lived();
    const { score, cause } = life.step(life.usage(600, takenOver));
    expect(score).toBeGreaterThan(0.99999);
    expect(cause).toMatch(/^resource \/login (2[5-9]|3[0-5]) %, usually (1\.9|2|2\.1) %$/);
  });

  it('a resource that is new, by its name', () => {
    const life = lived();
    const { score, cause } = life.step(life.usage(600, { ...RESOURCES, '/wp-login': 0.1 }));
    expect(score).toBeGreaterThan(0.99999);
    expect(cause).toMatch(/^resource \/wp-login .* usually 0 %$/);
  });

  it('one that is gone', () => {
    const life = lived();
    const { '/item': _, ...rest } = RESOURCES;
    const { score, cause } = life.step(life.usage(700, rest));
    expect(score).toBeGreaterThan(0.99999);
    expect(cause).toMatch(/^resource \/item 0 %, usually 20 %$/);
  });

  it('failures', () => {
    const life = lived();
    const { score, cause } = life.step(life.usage(600, RESOURCES, { failed: 60 }));
    expect(score).toBeGreaterThan(0.99999);
    expect(cause).toMatch(/^requests that are failed 10 %/);
  });

  it('a few users who ask for much', () => {
    const life = lived();
    const { score, cause } = life.step(life.usage(600, RESOURCES, { users: 6 }));
    expect(score).toBeGreaterThan(0.99999);
    expect(cause).toMatch(/requests a user, usually (9\.9\d|10)$/);
  });

  it('a small shift that lasts', () => {
    const life = lived();
    const shifted = { ...RESOURCES, '/': 0.37, '/login': 0.05 };
    expect(Math.max(...Array.from({ length: 30 }, () => life.step(life.usage(200, shifted)).score))).toBeGreaterThan(0.9999);
  });

  it('also where capacity hid some, which teaches nothing', () => {
    const life = lived();
    const before = mixOf(life.state as CompositionState).resource;
    const kept = structuredClone([...before.counts]);
    expect(life.step(life.usage(600, takenOver), 'censored').score).toBeGreaterThan(0.99999);
    expect([...mixOf(life.state as CompositionState).resource.counts]).toEqual(kept);
  });
});

describe('what is no shift', () => {
  it('counting noise, whether many come or few', () => {
    for (const requests of [20, 600, 6000]) {
      const life = new Life();
      life.live(2000, requests);
      const got = life.live(8000, requests);
      expect(got.filter((score) => score >= 0.999).length / got.length).toBeLessThan(0.003);
      expect(got.filter((score) => score >= 0.9999).length / got.length).toBeLessThan(0.001);
    }
  }, 30_000);

  it('a page of a catalogue of hundreds that has just become one of the few that are told apart, and was said to be new', () => {
    const items = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`/item/${n}`, 0.7 / 300]));
    const catalogue = { '/': 0.2, '/search': 0.1, ...items };
    const life = new Life();
    const day = Array.from({ length: 2500 }, () => life.step(life.usage(120, catalogue)));
    expect(day.filter(({ score }) => score >= 0.9999).map(({ cause }) => cause)).toEqual([]);
    // What is new is told all the same, and so is one of the many that many ask for.
    expect(life.step(life.usage(120, { ...catalogue, '/wp-login': 0.2 })).cause).toMatch(/^resource \/wp-login/);
    for (let n = 0; n < 60; n++) life.step(life.usage(120, catalogue));
    const { score, cause } = life.step(life.usage(120, { ...catalogue, '/item/250': 0.3 }));
    expect(score).toBeGreaterThan(0.99999);
    expect(cause).toMatch(/^resource \/item\/250 /);
  }, 30_000);

  it('the way back: for a quarter of an hour it was said that there is still what there is no more', () => {
    const life = new Life();
    life.live(3000);
    for (let n = 0; n < 20; n++) life.step(life.usage(600, takenOver));
    const after = Array.from({ length: 20 }, () => life.step());
    // One step may be back by chance.
    expect(after[0]?.cause).toMatch(/^resource \/login 2\d % over some 11 steps/);
    expect(Math.max(...after.slice(1).map(({ score }) => score))).toBeLessThan(0.9999);
  });

  it('one request at night for what hardly anybody asks for', () => {
    const life = new Life();
    life.live(3000);
    const { score } = life.step(usageOf(life.n, { resource: { '/cart': 1, '/login': 1 }, country: { US: 2 } }, { users: 1 }));
    expect(score).toBeLessThan(0.9999);
  });

  it('a surge, in which too few sessions ended: those of half an hour ago', () => {
    const life = new Life();
    const among = (requests: number) => {
      const usage = life.usage(requests);
      addTally(usage.kinds, 'session-end', life.random.poisson(60));
      return usage;
    };
    for (let n = 0; n < 3000; n++) life.step(among(600));
    const surge = Array.from({ length: 20 }, () => life.step(among(6000)).score);
    expect(Math.max(...surge)).toBeLessThan(0.9999);
  });

  it('more of everything', () => {
    const life = new Life();
    life.live(3000);
    expect(Math.max(...life.live(20, 6000))).toBeLessThan(0.9999);
  });

  it('that shares wander a little, which only very many requests can tell', () => {
    const life = new Life();
    const wandered = (n: number) => ({ ...RESOURCES, '/': 0.4 + 0.02 * Math.sin(n / 50), '/search': 0.3 - 0.02 * Math.sin(n / 50) });
    for (let n = 0; n < 3000; n++) life.step(life.usage(300, wandered(n)));
    const got = Array.from({ length: 200 }, (_, n) => life.step(life.usage(300_000, wandered(n))).score);
    expect(Math.max(...got)).toBeLessThan(0.9999);
  });

  it('that usual shares are known by few requests', () => {
    const life = new Life();
    life.live(300, 4);
    // As many requests a user as before.
    expect(life.step(life.usage(60_000, RESOURCES, { users: 15_000 })).score).toBeLessThan(0.9999);
  });

  it('a distance is the shorter the fewer requests tell what is usual', () => {
    const usual = (weight: number) => ({
      level: 0,
      counts: new Map([
        ['a', 0.9 * weight],
        ['b', 0.1 * weight],
      ]),
      other: 0,
      lost: 0,
      missed: new Map(),
    });
    const seen = {
      level: 0,
      counts: new Map([
        ['a', 850],
        ['b', 150],
      ]),
      other: 0,
    };
    const figure = (weight: number): number => shiftOf(usual(weight), weight, seen, 1000).figure;
    expect(figure(1e6) / figure(500)).toBeGreaterThan(1.8);
  });

  it('that a step has so many resources that its tally keeps a sample of them', () => {
    const life = new Life();
    /** Six hundred requests beside the usual ones, spread over this many resources. */
    const many = (keys: number): Usage => {
      const usage = life.usage();
      for (let i = 0; i < 600; i++) addTally(usage.resources, `/item/${i % keys}`, 1);
      return Object.assign(usage, { offered: usage.offered + 600, served: usage.served + 600 });
    };
    for (let n = 0; n < 1500; n++) life.step(many(450));
    expect(many(450).resources.level).toBe(0);
    expect(many(600).resources.level).toBeGreaterThan(0);
    const got = Array.from({ length: 30 }, (_, n) => life.step(many(n % 2 === 0 ? 600 : 450)).score);
    expect(Math.max(...got)).toBeLessThan(0.9999);
  });
});

describe('what lasts', () => {
  it('an incident is hardly learnt: after it the usual mix is the usual one', () => {
    const life = new Life();
    life.live(3000);
    for (let n = 0; n < 120; n++) life.step(life.usage(600, takenOver));
    expect(Math.max(...life.live(90).slice(60))).toBeLessThan(0.9999);
    expect(life.step(life.usage(600, takenOver)).score).toBeGreaterThan(0.99999);
  });

  it('a mix that stays is the usual one in the end', () => {
    const life = new Life({ settle: '2h', memory: '2h' });
    life.live(3000);
    const got = Array.from({ length: 1500 }, () => life.step(life.usage(600, takenOver)).score);
    expect(got[0]).toBeGreaterThan(0.99999);
    expect(Math.max(...got.slice(-200))).toBeLessThan(0.9999);
  });
});

describe('the surprise of one event', () => {
  const life = new Life();
  life.live(500);
  const mix = mixOf(life.state as CompositionState);

  it('is in bits, with its parts named, the most surprising first', () => {
    const usual = eventSurprise(mix, eventOf({ resource: '/', country: 'DE' }));
    const odd = eventSurprise(mix, eventOf({ resource: '/', country: 'KP' }));
    expect(usual.parts.find(({ attribute }) => attribute === 'resource')?.bits).toBeCloseTo(-Math.log2(0.4), 1);
    expect(usual.bits).toBeCloseTo(
      usual.parts.reduce((sum, { bits }) => sum + bits, 0),
      10,
    );
    expect(odd.parts[0]).toMatchObject({ attribute: 'country', key: 'KP' });
    expect(odd.bits).toBeGreaterThan(usual.bits + 10);
  });

  it('is of shares that make a whole: those of the known ones, and of one that was never seen', () => {
    const all = [...mix.country.counts.keys(), 'never'].map((country) => eventSurprise(mix, eventOf({ kind: 'sign-in', country })));
    const bits = all.map(({ parts }) => parts.find(({ attribute }) => attribute === 'country')?.bits as number);
    expect(bits.reduce((sum, each) => sum + 2 ** -each, 0)).toBeCloseTo(1, 9);
    expect(Math.max(...bits)).toBe(bits.at(-1));
    // What is no key of its own any more has its share with the rest.
    const few = new Life({ keys: 4 });
    for (let n = 0; n < 50; n++) few.step(few.usage(600, { '/a': 0.3, '/b': 0.2, '/c': 0.2, '/d': 0.1, '/e': 0.1, '/f': 0.1 }));
    const rest = eventSurprise(mixOf(few.state as CompositionState), eventOf({ resource: '/none' }));
    expect(rest.parts.find(({ attribute }) => attribute === 'resource')?.bits).toBeLessThan(4);
  });

  it('knows nothing where nothing is known: the first event of a group has no bits', () => {
    const detector = make(plugin);
    expect(eventSurprise(mixOf(detector.begin(infoOf()) as CompositionState), eventOf({ resource: '/' })).bits).toBe(0);
  });

  it('has the mean surprise of the step as its mean over the events', () => {
    const event = fc.record({
      kind: fc.constantFrom('request', 'sign-in', 'sign-in-failure', 'session-end'),
      outcome: fc.constantFrom('served', 'failed', 'throttled', 'timed-out'),
      resource: fc.option(fc.constantFrom(...Object.keys(RESOURCES), '/new', `/${'long'.repeat(40)}`), { nil: undefined }),
      country: fc.option(fc.constantFrom('DE', 'FR', 'KP'), { nil: undefined }),
      feature: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
      accessLevel: fc.option(fc.constantFrom('free', 'paid'), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 60 }), (given) => {
        const events = given.map((each) => eventOf(each as Partial<UsageEvent>));
        // The end of a session is nothing that anybody does.
        const done = events.filter(({ kind }) => kind !== 'session-end').length;
        const mean = events.reduce((sum, each) => sum + eventSurprise(mix, each).bits, 0) / Math.max(1, done);
        expect(stepSurprise(mix, countedBy(events))).toBeCloseTo(mean, 9);
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});

/** Counts events as the engine does. */
function countedBy(events: readonly UsageEvent[]): Usage {
  const usage = usageOf(0, {}, { requests: 0, users: 0 });
  const outcomes = { served: 'served', failed: 'failed', throttled: 'throttled', 'timed-out': 'timedOut' } as const;
  for (const { kind, resource, country, feature, accessLevel, outcome } of events) {
    addTally(usage.kinds, kind, 1);
    if (kind === 'session-end') continue;
    if (country !== undefined) addTally(usage.countries, country, 1);
    if (feature !== undefined) addTally(usage.features, feature, 1);
    if (accessLevel !== undefined) addTally(usage.accessLevels, accessLevel, 1);
    if (kind !== 'request') continue;
    if (resource !== undefined) addTally(usage.resources, resource, 1);
    usage.offered++;
    usage[outcomes[outcome]]++;
  }
  return usage;
}

describe('the state', () => {
  it('is bounded, whatever clients ask for', () => {
    const life = new Life();
    const sizes: number[] = [];
    for (let n = 0; n < 2000; n++) {
      const usage = life.usage();
      for (let i = 0; i < 50; i++) addTally(usage.resources, `/${'x'.repeat(300)}/${n}/${i}`, 1);
      life.step(usage);
      if (n % 500 === 499) sizes.push(life.detector.encode(life.state).length);
    }
    expect(Math.max(...sizes)).toBeLessThan(60_000);
    expect((sizes[3] as number) / (sizes[0] as number)).toBeLessThan(1.1);
  }, 30_000);

  it('scores on as if it had not been written', () => {
    const [whole, parted] = [new Life(), new Life()];
    const wanted = whole.live(800);
    let { state } = parted;
    const got = Array.from({ length: 800 }, (_, n) => {
      if (n % 90 === 0) state = parted.detector.decode(parted.detector.encode(state));
      const usage = parted.usage();
      const value = usage.offered / 60;
      return parted.detector.detect(state, at(parted.n++, value), value, { usage: () => usage }).score;
    });
    expect(got).toEqual(wanted);
  });

  it('of another version is refused', () => {
    const { detector, state } = new Life();
    expect(() => detector.decode(pack({ ...unpack<object>(detector.encode(state)), v: 1 }))).toThrow(/format 2/);
  });
});

it('without usage it is mild, and nobody is told', () => {
  const detector = make(plugin);
  const state = detector.begin(infoOf());
  expect(detector.detect(state, at(0, 2000), 100).score).toBeLessThan(0.5);
  expect(detector.detect(state, at(1, 2000), undefined)).toMatchObject({ score: 0 });
});
