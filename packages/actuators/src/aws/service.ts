import { Refused } from '../target/index.ts';
import type { Service, ServiceClient } from './client.ts';
import { nameOf, type ServiceOptions } from './config.ts';
import { TAG } from './mark.ts';
import { weigh } from './policies.ts';
import { ACTION, type Found, type Scalable } from './scalable.ts';

/** Events of a service that say why tasks do not start. */
const TROUBLE = /unable to|failed|unhealthy|insufficient/i;

/** The minimum that Application Auto Scaling keeps for an ECS service, or the service's desired count. */
export class ServicePool implements Scalable {
  readonly name: string;
  readonly #client: ServiceClient;
  readonly #options: ServiceOptions;
  /** Tags are set by it. */
  #arn = '';
  #event: string | undefined;

  constructor(options: ServiceOptions, client: ServiceClient) {
    this.name = nameOf(options);
    this.#client = client;
    this.#options = options;
  }

  async describe(signal: AbortSignal): Promise<Found> {
    const { ecsService, set } = this.#options;
    const service = await this.#client.describe(ecsService, signal);
    if (!service || service.status === 'INACTIVE') throw new Refused(`there is no ${this.name}: correct its name or the region`);
    this.#refuse(service);
    this.#arn = service.arn;
    this.#event = service.event;
    const tag = service.tags[TAG];
    const found = { ready: service.running, ...(tag === undefined ? {} : { tag }) };
    if (set === 'desired') {
      const unscheduled = "ECS itself brings no desired count back: use set: 'min' over a scalable target, or control: full";
      return { ...found, units: service.desired, unscheduled };
    }
    const target = await this.#client.target(ecsService, signal);
    if (!target) {
      throw new Refused(
        `${this.name} has no scalable target: register one with Application Auto Scaling (register-scalable-target), or use set: 'desired'`,
      );
    }
    return {
      ...found,
      units: target.min,
      most: target.max,
      ...(target.noSchedule && { unscheduled: 'scheduled scaling of its scalable target is suspended' }),
    };
  }

  async maySet(raise: boolean, signal: AbortSignal): Promise<string | undefined> {
    const { ecsService, set } = this.#options;
    // Policies belong to a scalable target; a service without one has none.
    if (set === 'desired' && !(await this.#client.target(ecsService, signal))) return undefined;
    return weigh(await this.#client.policies(ecsService, signal), this.name, this.#options, raise);
  }

  async trouble(): Promise<string | undefined> {
    return this.#event !== undefined && TROUBLE.test(this.#event) ? this.#event : undefined;
  }

  giveBack(at: number, units: number, signal: AbortSignal): Promise<void> {
    return this.#client.schedule(this.#options.ecsService, { name: ACTION, at, min: units }, signal);
  }

  async keep(signal: AbortSignal): Promise<void> {
    // Nothing was ever scheduled for a desired count.
    if (this.#options.set === 'min') await this.#client.unschedule(this.#options.ecsService, ACTION, signal);
  }

  set(units: number, signal: AbortSignal): Promise<void> {
    const { ecsService, set } = this.#options;
    return set === 'min' ? this.#client.setMin(ecsService, units, signal) : this.#client.setDesired(ecsService, units, signal);
  }

  tag(value: string | undefined, signal: AbortSignal): Promise<void> {
    return this.#client.tag(this.#arn, TAG, value, signal);
  }

  #refuse({ status, controller, strategy }: Service): void {
    if (status === 'DRAINING') throw new Refused(`${this.name} is being deleted (DRAINING)`);
    if (strategy === 'DAEMON') throw new Refused(`${this.name} runs one task on each instance (DAEMON): scale the instances`);
    if (this.#options.set === 'desired' && controller !== 'ECS') {
      throw new Refused(`${this.name} is deployed by ${controller}, whose deployments set its count: use set: 'min'`);
    }
  }
}
