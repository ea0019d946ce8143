import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import { DAY, instantOf, localTime, type Moment, type TimeZone, UTC } from './zones.ts';

/** Every quarter of an hour: what comes more often is no event, and would be expanded without end. */
const MOST_A_DAY = 96;
const MOST_COUNT = 10_000;
/** How far the library may look for the next one. A whole cycle of 28 days lies far below. */
const MOST_STEPS = 100_000;

const FREQUENCIES: Readonly<Record<string, number>> = {
  SECONDLY: 86_400,
  MINUTELY: 1_440,
  HOURLY: 24,
  DAILY: 1,
  WEEKLY: 1,
  MONTHLY: 1,
  YEARLY: 1,
};

type Check = (value: string) => boolean;

const whole =
  (least: number, most: number, signed = false): Check =>
  (text) => {
    const value = Number(text);
    return /^[+-]?\d+$/.test(text) && Math.abs(value) <= most && (signed ? value !== 0 : value >= least);
  };
const listOf =
  (check: Check): Check =>
  (text) =>
    text.split(',').every(check);
const weekday: Check = (text) => {
  const [, n] = /^([+-]?\d{1,2})?(?:MO|TU|WE|TH|FR|SA|SU)$/.exec(text) ?? [undefined, '0'];
  return n === undefined || whole(1, 53, true)(n);
};

/** RFC 5545 3.3.10. The library takes values that cannot be for none, and a rule that says less comes more often. */
const PARTS: Readonly<Record<string, Check>> = {
  FREQ: (text) => Object.hasOwn(FREQUENCIES, text),
  INTERVAL: whole(1, 10_000),
  COUNT: whole(1, MOST_COUNT),
  UNTIL: (text) => untilOf(text) !== undefined,
  BYSECOND: listOf(whole(0, 59)),
  BYMINUTE: listOf(whole(0, 59)),
  BYHOUR: listOf(whole(0, 23)),
  BYDAY: listOf(weekday),
  BYMONTHDAY: listOf(whole(1, 31, true)),
  BYYEARDAY: listOf(whole(1, 366, true)),
  BYWEEKNO: listOf(whole(1, 53, true)),
  BYMONTH: listOf(whole(1, 12)),
  BYSETPOS: listOf(whole(1, 366, true)),
  WKST: (text) => /^(?:MO|TU|WE|TH|FR|SA|SU)$/.test(text),
};

/** When something comes again: an RRULE, expanded from its first start. */
export class Rule {
  readonly #zone: TimeZone;
  /** Expanded in local time as if it were UTC: days have no clock changes, and the library does not know zones that a file defines. */
  readonly #asIfUtc: boolean;
  readonly #rule: RRuleTemporal;
  readonly #counted: boolean;
  readonly #day: boolean;
  readonly #first: number;
  /** Of a rule with a COUNT, which has to be counted from its first one each time: all of them. */
  #all: readonly number[] | undefined;

  /** @throws Error that says what is wrong with the rule */
  constructor(text: string, start: Moment) {
    const parts = partsOf(text);
    this.#zone = start.zone;
    this.#asIfUtc = start.day || !start.zone.known;
    this.#day = start.day;
    this.#first = start.local;
    this.#counted = parts.has('COUNT');
    const until = parts.get('UNTIL');
    if (until !== undefined) parts.set('UNTIL', this.#until(until));
    this.#rule = new RRuleTemporal({
      rruleString: `RRULE:${[...parts].map(([name, value]) => `${name}=${value}`).join(';')}`,
      dtstart: Temporal.Instant.fromEpochMilliseconds(this.#asIfUtc ? start.local : instantOf(start)).toZonedDateTimeISO(
        this.#asIfUtc ? 'UTC' : start.zone.id,
      ),
      // DTSTART is the first one, whether the rule says so or not.
      includeDtstart: true,
      maxIterations: MOST_STEPS,
    });
  }

  /** Starts (epoch ms, rising) in [from, to]. */
  starts(from: number, to: number): readonly number[] {
    if (this.#counted) {
      this.#all ??= this.#rule.all().flatMap((date) => this.#instant(date.epochMilliseconds));
      return this.#all.filter((at) => at >= from && at <= to);
    }
    // A day more on both sides where they are local times.
    const slack = this.#asIfUtc ? DAY : 0;
    return this.#rule
      .between(new Date(from - slack), new Date(to + slack), true)
      .flatMap((date) => this.#instant(date.epochMilliseconds))
      .filter((at) => at >= from && at <= to);
  }

  /** None for a time that a clock change leaves out: such is none of a rule (RFC 5545 3.3.10), though its first one stands. */
  #instant(at: number): readonly number[] {
    if (!this.#asIfUtc) return [at];
    const instant = this.#zone.toInstant(at);
    return this.#day || at === this.#first || this.#zone.toLocal(instant) === at ? [instant] : [];
  }

  /** The last start that may be, as the library takes it: in UTC. */
  #until(text: string): string {
    const { local, utc } = untilOf(text) as Until;
    const zone = utc ? UTC : this.#zone;
    const at = this.#asIfUtc && utc ? this.#zone.toLocal(local) : this.#asIfUtc ? local : zone.toInstant(local);
    return `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  }
}

interface Until {
  readonly local: number;
  readonly utc: boolean;
}

/** A date, a local time or one in UTC; a date is its last second. */
function untilOf(text: string): Until | undefined {
  const [, year, month, day, hour = '23', minute = '59', second = '59', utc] =
    /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?$/.exec(text) ?? [];
  if (year === undefined) return undefined;
  const local = localTime(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second));
  return local === undefined ? undefined : { local, utc: utc !== undefined };
}

function partsOf(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of text
    .trim()
    .toUpperCase()
    .replace(/^RRULE:/, '')
    .split(';')) {
    const [, name = '', value = ''] = /^([\w-]+)=(.*)$/.exec(part) ?? [];
    // A semicolon too many is harmless.
    if (part === '') continue;
    const check = PARTS[name];
    if (!check) throw wrong(text, `it does not know "${name || part}"`);
    if (!check(value)) throw wrong(text, `${part} cannot be`);
    if (parts.has(name)) throw wrong(text, `it says ${name} twice`);
    parts.set(name, value);
  }
  if (!parts.has('FREQ')) throw wrong(text, 'it has no FREQ');
  if (parts.has('COUNT') && parts.has('UNTIL')) throw wrong(text, 'it has COUNT and UNTIL');
  if (aDay(parts) > MOST_A_DAY) throw wrong(text, `it comes more than ${MOST_A_DAY} times a day, which is no event but a load`);
  return parts;
}

/** How often it comes in a day, at most. */
function aDay(parts: ReadonlyMap<string, string>): number {
  const frequency = parts.get('FREQ') ?? '';
  const values = (name: string): number => parts.get(name)?.split(',').length ?? 1;
  const units = ['HOURLY', 'MINUTELY', 'SECONDLY'].indexOf(frequency);
  // What is as long as the frequency's own unit, or longer, leaves some out; what is shorter adds.
  const adds = ['BYHOUR', 'BYMINUTE', 'BYSECOND'].slice(units + 1).reduce((product, name) => product * values(name), 1);
  return ((FREQUENCIES[frequency] as number) * adds) / (units < 0 ? 1 : Number(parts.get('INTERVAL') ?? 1));
}

function wrong(text: string, why: string): Error {
  return new Error(`the rule "${text.slice(0, 200)}" is no RRULE: ${why}`);
}
