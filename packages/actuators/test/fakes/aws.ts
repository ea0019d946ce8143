import type { AwsClient, Group, GroupClient, Policy, ScalableTarget, Scheduled, Service, ServiceClient } from '../../src/aws/client.ts';
import { type AwsOptions, aws } from '../../src/aws/index.ts';
import { createAwsActuator } from '../../src/aws/plugin.ts';
import { Refused, Unavailable } from '../../src/target/index.ts';
import type { ActuatorCase } from './case.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
const START = Date.UTC(2026, 0, 5);
const CPU: Policy = { name: 'cpu', kind: 'dynamic' };

/** A group or a service as AWS keeps it, with AWS's own rules: those that an emulator does not have. */
export class FakeScalable {
  readonly name: string;
  readonly group: Mutable<Group> = { min: 2, max: 40, desired: 2, inService: 2, suspended: [], tags: {} };
  readonly service: Mutable<Service> = {
    arn: '',
    status: 'ACTIVE',
    desired: 2,
    running: 2,
    controller: 'ECS',
    strategy: 'REPLICA',
    tags: {},
  };
  target: ScalableTarget | undefined = { min: 2, max: 40, noSchedule: false };
  policies: readonly Policy[] = [CPU];
  trouble: string | undefined;
  gone = false;
  readonly actions = new Map<string, Scheduled>();

  constructor(name: string) {
    this.name = name;
  }

  min(units: number): void {
    const { group, service } = this;
    if (units > group.max) throw new Refused(`ValidationError: min ${units} is above max ${group.max}`);
    group.min = units;
    if (this.target) this.target = { ...this.target, min: units };
    group.desired = Math.max(group.desired, units);
    service.desired = Math.max(service.desired, units);
    this.#shrink();
  }

  desired(units: number, isGroup: boolean): void {
    const { group, service } = this;
    if (isGroup && (units < group.min || units > group.max))
      throw new Refused(`ValidationError: ${units} is outside ${group.min}..${group.max}`);
    if (isGroup) group.desired = units;
    else service.desired = units;
    this.#shrink();
  }

  settle(): void {
    this.group.inService = this.group.desired;
    this.service.running = this.service.desired;
  }

  /** Fewer are there at once. */
  #shrink(): void {
    this.group.inService = Math.min(this.group.inService, this.group.desired);
    this.service.running = Math.min(this.service.running, this.service.desired);
  }
}

/** AWS in memory, with a time of its own at which scheduled actions run. */
export class FakeAws implements AwsClient {
  readonly groups: GroupClient = this.#client(true) as unknown as GroupClient;
  readonly services: ServiceClient = this.#client(false) as unknown as ServiceClient;
  readonly scalables = new Map<string, FakeScalable>();
  readonly written: { pool: string; units: number }[] = [];
  /** Each call, oldest first: `setMin web-asg`. */
  readonly calls: string[] = [];
  now = START;
  changes = 0;
  failing = false;
  /** Called before each call; what it throws is the answer. */
  fault: ((call: string) => void) | undefined;
  /** Called after each call has had its effect; what it throws is an answer that was lost. */
  lost: ((call: string) => void) | undefined;

  add(name: string, pool: string): FakeScalable {
    const scalable = new FakeScalable(pool);
    scalable.service.arn = `arn:aws:ecs:eu-central-1:123456789012:service/${name}`;
    this.scalables.set(name, scalable);
    return scalable;
  }

  reach(at: number): void {
    for (;;) {
      const due = [...this.scalables.values()]
        .flatMap((scalable) => [...scalable.actions.values()].map((action) => ({ scalable, action })))
        .filter(({ action }) => action.at <= at)
        .sort((a, b) => a.action.at - b.action.at)[0];
      if (!due) break;
      const { scalable, action } = due;
      scalable.actions.delete(action.name);
      if (action.min !== undefined) scalable.min(action.min);
      if (action.desired !== undefined) scalable.desired(action.desired, true);
    }
    this.now = Math.max(this.now, at);
  }

  #client(isGroup: boolean) {
    type Act = (scalable: FakeScalable, ...args: never[]) => unknown;
    const call = (action: string, changes: boolean, act: Act) => {
      return async (name: string, ...args: unknown[]) => {
        const signal = args.pop() as AbortSignal;
        signal.throwIfAborted();
        if (changes) this.changes++;
        this.calls.push(`${action} ${name}`);
        if (this.failing) throw new Unavailable('InternalFailure');
        this.fault?.(action);
        // Tags of a service are set by its ARN.
        const scalable = this.scalables.get(name) ?? [...this.scalables.values()].find(({ service }) => service.arn === name);
        const answer = !scalable || scalable.gone ? undefined : act(scalable, ...(args as never[]));
        this.lost?.(action);
        return answer;
      };
    };
    const write = (scalable: FakeScalable, units: number): void => {
      this.written.push({ pool: scalable.name, units });
    };
    return {
      describe: call('describe', false, ({ group, service }) => ({ ...(isGroup ? group : service) })),
      target: call('target', false, ({ target }) => target),
      policies: call('policies', false, ({ policies }) => policies),
      trouble: call('trouble', false, ({ trouble }) => trouble),
      schedule: call('schedule', true, (scalable, action: Scheduled) => {
        if (action.at <= this.now) throw new Refused('ValidationError: the start time is in the past');
        if (action.at % 1_000 !== 0) throw new Refused('actions are kept to the second');
        scalable.actions.set(action.name, action);
      }),
      unschedule: call('unschedule', true, (scalable, action: string) => void scalable.actions.delete(action)),
      setMin: call('setMin', true, (scalable, units: number) => {
        scalable.min(units);
        write(scalable, units);
      }),
      setDesired: call('setDesired', true, (scalable, units: number) => {
        scalable.desired(units, isGroup);
        write(scalable, units);
      }),
      tag: call('tag', true, ({ group, service }, key: string, value: string | undefined) => {
        if (value !== undefined && !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value)) throw new Refused(`no value of a tag: ${value}`);
        const held = isGroup ? group : service;
        const { [key]: _, ...rest } = held.tags;
        held.tags = value === undefined ? rest : { ...rest, [key]: value };
      }),
    };
  }
}

export interface AwsCase extends ActuatorCase {
  readonly fake: FakeAws;
}

/** Pool `web` is a group, `api` a service; with `first: 'service'` the other way round. */
export function makeAwsCase(first: 'group' | 'service' = 'group', set: 'min' | 'desired' = 'min'): AwsCase {
  const fake = new FakeAws();
  const [group, service] = first === 'group' ? ['web', 'api'] : ['api', 'web'];
  const of = new Map([
    [group, fake.add('web-asg', group as string)],
    [service, fake.add('default/api', service as string)],
  ]);
  for (const scalable of of.values()) if (set === 'desired') scalable.policies = [];
  const scalableOf = (pool: string): FakeScalable => of.get(pool) as FakeScalable;
  const state = (pool: string) => {
    const { group: held, service: task, target } = scalableOf(pool);
    if (pool === group) return { units: set === 'min' ? held.min : held.desired, ready: held.inService };
    return { units: set === 'min' ? (target?.min ?? 0) : task.desired, ready: task.running };
  };
  return {
    fake,
    plugin: { ...aws, create: (options, context) => createAwsActuator(options as AwsOptions, context, fake) },
    with: {
      pools: { [group as string]: { autoScalingGroup: 'web-asg', set }, [service as string]: { ecsService: 'default/api', set } },
      patience: '1s',
    },
    written: fake.written,
    target: {
      state,
      settle: (pool) => scalableOf(pool).settle(),
      changes: () => fake.changes,
      fail: (on) => {
        fake.failing = on;
      },
      // ECS brings no desired count back: floors of one are refused.
      ...(!(first === 'service' && set === 'desired') && { reach: (at: number) => fake.reach(at) }),
    },
  };
}
