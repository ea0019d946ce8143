import { Refused } from '../target/index.ts';
import type { GroupClient } from './client.ts';
import { type GroupOptions, nameOf } from './config.ts';
import { TAG } from './mark.ts';
import { refuseOwned } from './owners.ts';
import { weigh } from './policies.ts';
import { ACTION, type Found, type Scalable } from './scalable.ts';

/** The minimum, or the desired capacity, of an EC2 Auto Scaling group. */
export class GroupPool implements Scalable {
  readonly name: string;
  readonly #client: GroupClient;
  readonly #options: GroupOptions;

  constructor(options: GroupOptions, client: GroupClient) {
    this.name = nameOf(options);
    this.#client = client;
    this.#options = options;
  }

  async describe(signal: AbortSignal): Promise<Found> {
    const { autoScalingGroup, set } = this.#options;
    const group = await this.#client.describe(autoScalingGroup, signal);
    if (!group) throw new Refused(`there is no ${this.name}: correct its name or the region`);
    if (group.status !== undefined) throw new Refused(`${this.name} is being deleted (${group.status})`);
    refuseOwned(this.name, group.tags, set);
    const { min, max, desired, inService, warm = 0, suspended, tags } = group;
    const units = set === 'min' ? min : desired;
    const tag = tags[TAG];
    return {
      units,
      ready: inService,
      most: max,
      least: set === 'min' ? 0 : min,
      ...(tag === undefined ? {} : { tag }),
      ...(suspended.includes('ScheduledActions') && { unscheduled: 'its process ScheduledActions is suspended' }),
      ...(suspended.includes('Launch') && { stuck: 'its process Launch is suspended' }),
      ...(inService < units && warm > 0 && { detail: `${warm} in the warm pool` }),
    };
  }

  async maySet(raise: boolean, signal: AbortSignal): Promise<string | undefined> {
    return weigh(await this.#client.policies(this.#options.autoScalingGroup, signal), this.name, this.#options, raise);
  }

  trouble(signal: AbortSignal): Promise<string | undefined> {
    return this.#client.trouble(this.#options.autoScalingGroup, signal);
  }

  giveBack(at: number, units: number, signal: AbortSignal): Promise<void> {
    const { autoScalingGroup, set } = this.#options;
    const action = { name: ACTION, at, ...(set === 'min' ? { min: units } : { desired: units }) };
    return this.#client.schedule(autoScalingGroup, action, signal);
  }

  keep(signal: AbortSignal): Promise<void> {
    return this.#client.unschedule(this.#options.autoScalingGroup, ACTION, signal);
  }

  set(units: number, signal: AbortSignal): Promise<void> {
    const { autoScalingGroup, set } = this.#options;
    return set === 'min' ? this.#client.setMin(autoScalingGroup, units, signal) : this.#client.setDesired(autoScalingGroup, units, signal);
  }

  tag(value: string | undefined, signal: AbortSignal): Promise<void> {
    return this.#client.tag(this.#options.autoScalingGroup, TAG, value, signal);
  }
}
