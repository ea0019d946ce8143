import { aloneBy, type Mark, type Marks, Refused, type Scaling, type Status, type Target } from '../target/index.ts';
import type { TrafficClass, TrafficClient } from './client.ts';
import type { ClassPool } from './config.ts';
import { parseRate } from './rate.ts';

/** A class as it was found. */
export interface ClassStatus extends Status {
  readonly found: TrafficClass;
}

/** A class of HTB: a unit is a share of its rate. */
export class TrafficControlTarget implements Target<ClassStatus> {
  readonly #pools: Readonly<Record<string, ClassPool>>;
  readonly #client: TrafficClient;
  readonly #marks: Marks;

  constructor(pools: Readonly<Record<string, ClassPool>>, client: TrafficClient, marks: Marks) {
    this.#pools = pools;
    this.#client = client;
    this.#marks = marks;
  }

  async status(pool: string, signal: AbortSignal): Promise<ClassStatus> {
    const options = this.#pool(pool);
    const found = await this.#client.show(options, signal);
    if (!found) throw new Refused(`${options.dev} has no class ${options.classid}: make it, or correct classid`);
    if (found.kind !== 'htb') {
      throw new Refused(`class ${options.classid} of ${options.dev} is of ${found.kind}, not htb: it is somebody else's`);
    }
    const units = Math.round(found.rate / rateOf(options, 1));
    const mark = await this.#marks.read(pool);
    // A class of HTB has a rate: it cannot be none.
    return { units, ready: units, least: 1, found, ...(mark && { mark }) };
  }

  alone<T>(pool: string, act: () => Promise<T>): Promise<T> {
    return aloneBy(this.#marks, pool, act);
  }

  async scale(pool: string, { units, mark, status }: Scaling & { status: ClassStatus }, signal: AbortSignal): Promise<void> {
    const options = this.#pool(pool);
    const { found } = status;
    const noted: Mark | undefined = mark && { ...mark, parts: originalOf(mark, status) };
    // Before the rate, with what was there: a crash between the two is neither a forgotten original nor somebody else's change.
    if (noted) await this.#marks.write(pool, { ...noted, was: status.units });
    const to = mark ? undefined : exact(status);
    if (units !== status.units || to) {
      const rate = to?.rate ?? rateOf(options, units);
      const ceil = to?.ceil ?? (options.ceil === 'follow' ? rate : Math.max(found.ceil, rate));
      await this.#client.change(options, { ...found, rate, ceil }, signal);
    }
    await this.#marks.write(pool, noted);
  }

  #pool(pool: string): ClassPool {
    const options = this.#pools[pool];
    if (!options) throw new Refused(`the options name no pool "${pool}": add it to pools`);
    return options;
  }
}

/** Bits a second of units. */
function rateOf({ unit }: ClassPool, units: number): number {
  return units * (parseRate(unit) as number);
}

/** Rate and ceil that were there before the first order, or that somebody else has set since: they need be no whole units. */
function originalOf(mark: Mark, { found, mark: before }: ClassStatus): readonly string[] {
  const same = before?.parts && mark.handsOff === before.handsOff;
  return same ? before.parts : [`rate=${found.rate}`, `ceil=${found.ceil}`];
}

/** The rates to go back to when a floor has run out; undefined where they are there, or somebody else has set others meanwhile. */
function exact({ mark, found, units: held }: ClassStatus): { rate: number; ceil: number } | undefined {
  if (!mark || (held !== mark.units && held !== mark.was)) return undefined;
  const value = (name: string): number => Number(mark.parts?.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1));
  const [rate, ceil] = [value('rate'), value('ceil')];
  if (!(rate > 0 && ceil > 0)) return undefined;
  return rate === found.rate && ceil === found.ceil ? undefined : { rate, ceil };
}
