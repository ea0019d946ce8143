import { AuspexError, type Clock } from '@auspex/contracts';
import { type Mark, Refused, type Scaling, type Status, type Target } from '../target/index.ts';
import type { AwsClient } from './client.ts';
import type { AwsOptions } from './config.ts';
import { GroupPool } from './group.ts';
import { decodeMark, encodeMark } from './mark.ts';
import type { Found, Scalable } from './scalable.ts';
import { ServicePool } from './service.ts';

/** A scheduled action has to lie in the future when the call arrives, milliseconds. */
const AHEAD = 2_000;
/** Longest `detail` of AWS's own words. */
const LONGEST = 300;

export interface AwsStatus extends Status {
  readonly found: Found;
}

/** Auto Scaling groups and ECS services. A floor is given back by a scheduled action of AWS, which is put off each time it is renewed. */
export class AwsTarget implements Target<AwsStatus> {
  readonly #pools: ReadonlyMap<string, Scalable>;
  readonly #client: AwsClient;
  readonly #clock: Clock;
  /** What policies do beside Auspex, as last seen. */
  readonly #beside = new Map<string, string>();

  constructor({ pools }: Pick<AwsOptions, 'pools'>, client: AwsClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    this.#pools = new Map(
      Object.entries(pools).map(([pool, options]) => [
        pool,
        'ecsService' in options ? new ServicePool(options, client.services) : new GroupPool(options, client.groups),
      ]),
    );
  }

  async status(pool: string, signal: AbortSignal): Promise<AwsStatus> {
    const scalable = this.#scalable(pool);
    const found = await scalable.describe(signal);
    const { units, ready, most, least } = found;
    const trouble = ready < units ? await scalable.trouble(signal) : undefined;
    const detail = [found.detail, trouble?.slice(0, LONGEST), this.#beside.get(pool)].filter((each) => each !== undefined).join('; ');
    return {
      found,
      units,
      ready,
      ...(most === undefined ? {} : { most }),
      ...(least === undefined ? {} : { least }),
      ...(found.tag === undefined ? {} : { mark: decodeMark(found.tag, scalable.name) }),
      ...(detail && { detail }),
    };
  }

  async scale(pool: string, { units, mark, status }: Scaling & { readonly status: AwsStatus }, signal: AbortSignal): Promise<void> {
    const scalable = this.#scalable(pool);
    const changes = units !== status.units;
    if (mark && changes) await this.#check(pool, scalable, units, status, signal);
    // The way back first: where a later call fails, it brings back what is there anyway.
    if (mark?.expires !== undefined) await this.#arm(scalable, mark.expires, mark, status, signal);
    else if (mark && isArmed(status)) await scalable.keep(signal);
    // With what was there, so that a crash before the next call is nobody's change.
    if (mark && changes) await scalable.tag(encodeMark({ ...mark, was: status.units }), signal);
    if (changes) await scalable.set(units, signal);
    if (!mark && isArmed(status)) await scalable.keep(signal);
    if (mark || status.mark) await scalable.tag(mark && encodeMark(mark), signal);
  }

  async close(): Promise<void> {
    await this.#client.close?.();
  }

  async #check(pool: string, scalable: Scalable, units: number, { found }: AwsStatus, signal: AbortSignal): Promise<void> {
    if (units > found.units && found.stuck !== undefined) {
      throw new Refused(`${scalable.name} starts nothing: ${found.stuck}. Resume it, and the next order is carried out`);
    }
    const beside = await scalable.maySet(units > found.units, signal);
    if (beside === undefined) this.#beside.delete(pool);
    else this.#beside.set(pool, beside);
  }

  async #arm(scalable: Scalable, until: number, { original }: Mark, { found }: AwsStatus, signal: AbortSignal): Promise<void> {
    if (found.unscheduled !== undefined) {
      throw new Refused(`${scalable.name} would keep a floor for ever: ${found.unscheduled}`);
    }
    // Actions are kept to the second. Up, for a floor holds until its end.
    const at = Math.ceil(until / 1_000) * 1_000;
    if (at < this.#clock.now() + AHEAD) throw new Refused(`the floor ends at ${new Date(until).toISOString()}, before it could be set`);
    await scalable.giveBack(at, original, signal);
  }

  #scalable(pool: string): Scalable {
    const scalable = this.#pools.get(pool);
    if (scalable) return scalable;
    throw new AuspexError('CONFIG_INVALID', `there is no pool "${pool}"`, {
      path: 'actuator(aws).pools',
      remedy: `Add it; there are ${[...this.#pools.keys()].map((each) => `"${each}"`).join(', ')}.`,
    });
  }
}

/** A scheduled action may be there: a floor was set, or nothing is known of what was. */
function isArmed({ mark }: AwsStatus): boolean {
  return mark === undefined || mark.expires !== undefined;
}
