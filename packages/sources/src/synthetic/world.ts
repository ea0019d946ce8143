import { AuspexError, type UsageEvent } from '@auspex/contracts';
import { SeededRandom, type Zone, zone } from '@auspex/numerics';
import { attackEvents } from './attacks.ts';
import { type SyntheticGroup, type SyntheticInput, type SyntheticOptions, syntheticConfig } from './config.ts';
import { count } from './draws.ts';
import { Incidents } from './incidents.ts';
import { MAX_SESSION, sessionEvents } from './session.ts';
import { activity } from './shape.ts';

/** What happened in a world and is in none of its events. Times in epoch ms, [from, to). */
export interface Label {
  readonly from: number;
  readonly to: number;
  readonly what: 'event' | 'incident' | 'attack';
  /** Name of the event, kind of the incident or attack. */
  readonly kind: string;
  /** Groups that it concerned. */
  readonly groups: readonly string[];
  /** Of an event the factor, of an incident the share, of an attack attempts a second. */
  readonly size: number;
}

/** The events of one step, in order of time. */
export interface SyntheticStep {
  /** Number of the step, from 0. */
  readonly index: number;
  /** Its span, epoch ms, [from, to). */
  readonly from: number;
  readonly to: number;
  readonly events: UsageEvent[];
  /** Nothing of it was recorded, wholly or in part. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
}

interface Member {
  readonly group: SyntheticGroup;
  readonly activity: (at: number) => number;
}

const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'UTC'];
const SHAPES = ['office', 'evening', 'flat', 'night'] as const;

/**
 * A seeded world of groups of users. Sessions begin as a negative binomial count a step, by the time of week in the zone of their
 * group; a user signs in, asks for some things, and tries again what was refused. Each step is drawn from a seed of its own, so that
 * reading can begin anywhere.
 */
export class World {
  readonly options: SyntheticOptions;
  /** Epoch ms, [start, end). */
  readonly start: number;
  readonly end: number;
  readonly labels: readonly Label[];
  readonly #members: readonly Member[];
  readonly #incidents: Incidents;
  readonly #random: SeededRandom;

  /** @throws AuspexError ZONE_UNKNOWN; CONFIG_INVALID when something names a group that is not there */
  constructor(options: SyntheticOptions) {
    this.options = options;
    this.start = Math.floor(Date.parse(options.start) / options.step) * options.step;
    this.end = this.start + options.steps * options.step;
    this.#random = new SeededRandom(options.seed);
    this.#members = groupsOf(options).map((group) => ({ group, activity: activity(group.shape, zoneOf(group)) }));
    const names = this.groups;
    this.labels = labelsOf(options, names);
    this.#incidents = new Incidents(this.labels);
  }

  /** Names of the groups, in the order of the options. */
  get groups(): string[] {
    return this.#members.map(({ group }) => group.name);
  }

  /** First attempts a second that a group is expected to begin at an instant: by time of week alone. 0 for a group that is not there. */
  baseline(group: string, at: number): number {
    const member = this.#members.find((one) => one.group.name === group);
    return member === undefined ? 0 : member.group.rate * member.activity(at);
  }

  /** The same with the events that are planned, without attacks: what a perfect forecast would say. Sessions smear it by minutes. */
  expected(group: string, at: number): number {
    return this.baseline(group, at) * this.#factor(group, at);
  }

  #factor(group: string, at: number): number {
    let factor = 1;
    for (const { what, from, to, groups, size } of this.labels) {
      if (what === 'event' && at >= from && at < to && groups.includes(group)) factor *= size;
    }
    return factor;
  }

  /** The steps from number `first` on. The same whatever `first` is. */
  *steps(first = 0): Generator<SyntheticStep> {
    const { step, steps } = this.options;
    // Sessions that began before and still go on.
    const warm = Math.max(0, first - Math.ceil(MAX_SESSION / step));
    const open = new Map<number, UsageEvent[]>();
    for (let index = warm; index < steps; index++) {
      for (const event of this.#begun(index)) {
        const at = Math.floor((event.at - this.start) / step);
        if (at < first || at >= steps) continue;
        const list = open.get(at);
        if (list) list.push(event);
        else open.set(at, [event]);
      }
      if (index < first) continue;
      const from = this.start + index * step;
      const gaps = this.#incidents.gaps(from, from + step);
      const events = (open.get(index) ?? []).filter(({ at }) => !gaps.some((gap) => at >= gap.from && at < gap.to));
      open.delete(index);
      // Stable: events of one millisecond stay in the order in which they were drawn.
      events.sort((a, b) => a.at - b.at);
      yield { index, from, to: from + step, events, gaps };
    }
  }

  /** All events of what begins in a step, also those that fall into later ones. */
  *#begun(index: number): Generator<UsageEvent> {
    const { step, attacks } = this.options;
    const from = this.start + index * step;
    const middle = from + step / 2;
    for (const { group, activity: active } of this.#members) {
      const random = this.#random.fork(`${group.name}/${index}`);
      const rate = group.rate * active(middle) * this.#factor(group.name, middle);
      const sessions = count(random, (rate * step) / 1000 / group.session, group.dispersion);
      for (let n = 0; n < sessions; n++) {
        yield* sessionEvents(group, from + random.below(step), `${group.name}-${index}-${n}`, random, this.#incidents);
      }
    }
    for (const [n, attack] of attacks.entries()) {
      const random = this.#random.fork(`attack/${n}/${index}`);
      yield* attackEvents(attack, attack.group ?? (this.groups[0] as string), [from, from + step], random, this.#incidents);
    }
  }
}

/**
 * A world by options as a config gives them.
 *
 * @throws ZodError on options that are none; AuspexError ZONE_UNKNOWN, CONFIG_INVALID
 */
export function syntheticWorld(options: SyntheticInput = {}): World {
  return new World(syntheticConfig.parse(options));
}

function groupsOf({ groups, rate }: SyntheticOptions): SyntheticGroup[] {
  if (typeof groups !== 'number') {
    const twice = groups.find(({ name }, i) => groups.findIndex((other) => other.name === name) !== i);
    if (twice) throw invalid('groups', `two groups are named "${twice.name}"`);
    return groups;
  }
  const weight = Array.from({ length: groups }, (_, n) => 1 / (n + 1)).reduce((sum, each) => sum + each, 0);
  return Array.from({ length: groups }, (_, n) => {
    const own = { name: `group-${n + 1}`, rate: rate / (n + 1) / weight, zone: ZONES[n % 4] as string, shape: SHAPES[n % 4] ?? 'flat' };
    return { ...own, users: Math.max(20, Math.round(500 / (n + 1))), dispersion: 0.05, session: 8, ...DEFAULTS };
  });
}

const DEFAULTS = { countries: ['DE', 'US', 'JP'], features: ['browse', 'search', 'buy'], pops: [''] };

function labelsOf({ events, incidents, attacks }: SyntheticOptions, names: readonly string[]): Label[] {
  const known = (place: string, wanted: readonly string[] | undefined): readonly string[] => {
    const missing = wanted?.find((name) => !names.includes(name));
    if (missing !== undefined) throw invalid(place, `there is no group "${missing}"; there are ${names.slice(0, 10).join(', ')}`);
    return wanted ?? names;
  };
  const labels = [
    ...events.map(
      (one, i): Label => ({
        ...spanOf(one),
        what: 'event',
        kind: one.name,
        groups: known(`events[${i}].groups`, one.groups),
        size: one.factor,
      }),
    ),
    ...incidents.map(
      (one, i): Label => ({
        ...spanOf(one),
        what: 'incident',
        kind: one.kind,
        groups: one.kind === 'not-recorded' ? names : known(`incidents[${i}].groups`, one.groups),
        size: one.share,
      }),
    ),
    ...attacks.map(
      (one, i): Label => ({
        ...spanOf(one),
        what: 'attack',
        kind: one.kind,
        groups: one.group === undefined ? names.slice(0, 1) : known(`attacks[${i}].group`, [one.group]),
        size: one.rate,
      }),
    ),
  ];
  return labels.sort((a, b) => a.from - b.from);
}

function spanOf(one: { readonly at: string; readonly for: number }): { from: number; to: number } {
  const from = Date.parse(one.at);
  return { from, to: from + one.for };
}

function zoneOf({ zone: id, name }: SyntheticGroup): Zone {
  try {
    return zone(id);
  } catch (cause) {
    throw new AuspexError('ZONE_UNKNOWN', `there is no zone "${id}"`, { path: `synthetic.groups(${name}).zone`, cause });
  }
}

function invalid(place: string, message: string): AuspexError {
  return new AuspexError('CONFIG_INVALID', message, {
    path: `synthetic.${place}`,
    remedy: 'Name each group once, and only groups that are listed.',
  });
}
