import type { Service as Described } from '@aws-sdk/client-ecs';
import { ask, clientConfig, installed, type Sdk } from './caller.ts';
import type { Policy, ScalableTarget, Scheduled, Service, ServiceClient } from './client.ts';
import type { AwsOptions } from './config.ts';

type Ecs = Awaited<ReturnType<Sdk['ecs']>>;
type Scaling = Awaited<ReturnType<Sdk['applicationAutoScaling']>>;
interface Made<M, C> {
  readonly sdk: M;
  readonly client: C;
}
type MadeEcs = Made<Ecs, InstanceType<Ecs['ECSClient']>>;
type MadeScaling = Made<Scaling, InstanceType<Scaling['ApplicationAutoScalingClient']>>;

const DIMENSION = 'ecs:service:DesiredCount';
/** What all calls about the desired count of a service name. */
const about = (service: string) => ({ ServiceNamespace: 'ecs', ResourceId: `service/${service}`, ScalableDimension: DIMENSION }) as const;

/**
 * ECS and Application Auto Scaling over the SDK. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Operations.html,
 * https://docs.aws.amazon.com/autoscaling/application/APIReference/API_Operations.html
 */
export class SdkServices implements ServiceClient {
  readonly #options: AwsOptions;
  readonly #load: Pick<Sdk, 'ecs' | 'applicationAutoScaling'>;
  #ecs: Promise<MadeEcs> | undefined;
  #scaling: Promise<MadeScaling> | undefined;

  constructor(options: AwsOptions, load: Pick<Sdk, 'ecs' | 'applicationAutoScaling'> = installed) {
    this.#options = options;
    this.#load = load;
  }

  async describe(name: string, signal: AbortSignal): Promise<Service | undefined> {
    const [cluster, service] = name.split('/') as [string, string];
    const { services = [], failures = [] } = await this.#askEcs('DescribeServices', signal, ({ sdk, client }, abortSignal) =>
      client
        .send(new sdk.DescribeServicesCommand({ cluster, services: [service], include: ['TAGS'] }), { abortSignal })
        .catch((error: Error) => {
          if (error.name === 'ClusterNotFoundException') return { services: [], failures: [] };
          throw error;
        }),
    );
    const [found] = services;
    return failures.length > 0 || !found ? undefined : serviceOf(found);
  }

  async target(service: string, signal: AbortSignal): Promise<ScalableTarget | undefined> {
    const { ServiceNamespace, ResourceId, ScalableDimension } = about(service);
    const given = { ServiceNamespace, ResourceIds: [ResourceId], ScalableDimension };
    const { ScalableTargets = [] } = await this.#askScaling('DescribeScalableTargets', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.DescribeScalableTargetsCommand(given), { abortSignal }),
    );
    const found = ScalableTargets.find((each) => each.ResourceId === ResourceId);
    if (!found) return undefined;
    const { MinCapacity = 0, MaxCapacity = 0, SuspendedState } = found;
    return { min: MinCapacity, max: MaxCapacity, noSchedule: SuspendedState?.ScheduledScalingSuspended === true };
  }

  async policies(service: string, signal: AbortSignal): Promise<readonly Policy[]> {
    const { ScalingPolicies = [] } = await this.#askScaling('DescribeScalingPolicies', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.DescribeScalingPoliciesCommand(about(service)), { abortSignal }),
    );
    return ScalingPolicies.map((policy) => {
      const { PolicyName: name = '', PolicyType } = policy;
      if (PolicyType !== 'PredictiveScaling') return { name, kind: 'dynamic' };
      return { name, kind: policy.PredictiveScalingPolicyConfiguration?.Mode === 'ForecastAndScale' ? 'predictive' : 'idle' };
    });
  }

  async schedule(service: string, { name, at, min }: Scheduled, signal: AbortSignal): Promise<void> {
    const Schedule = `at(${new Date(at).toISOString().slice(0, 19)})`;
    const given = { ...about(service), ScheduledActionName: name, Schedule, ScalableTargetAction: { MinCapacity: min } };
    await this.#askScaling('PutScheduledAction', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.PutScheduledActionCommand(given), { abortSignal }),
    );
  }

  async unschedule(service: string, ScheduledActionName: string, signal: AbortSignal): Promise<void> {
    const given = { ...about(service), ScheduledActionName };
    await this.#askScaling('DeleteScheduledAction', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.DeleteScheduledActionCommand(given), { abortSignal }).catch((error: Error) => {
        // One that ran, or never was.
        if (error.name !== 'ObjectNotFoundException') throw error;
      }),
    );
  }

  async setMin(service: string, MinCapacity: number, signal: AbortSignal): Promise<void> {
    await this.#askScaling('RegisterScalableTarget', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.RegisterScalableTargetCommand({ ...about(service), MinCapacity }), { abortSignal }),
    );
  }

  async setDesired(name: string, desiredCount: number, signal: AbortSignal): Promise<void> {
    const [cluster, service] = name.split('/') as [string, string];
    await this.#askEcs('UpdateService', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.UpdateServiceCommand({ cluster, service, desiredCount }), { abortSignal }),
    );
  }

  async tag(resourceArn: string, key: string, value: string | undefined, signal: AbortSignal): Promise<void> {
    if (value === undefined) {
      await this.#askEcs('UntagResource', signal, ({ sdk, client }, abortSignal) =>
        client.send(new sdk.UntagResourceCommand({ resourceArn, tagKeys: [key] }), { abortSignal }),
      );
      return;
    }
    await this.#askEcs('TagResource', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.TagResourceCommand({ resourceArn, tags: [{ key, value }] }), { abortSignal }),
    );
  }

  async close(): Promise<void> {
    (await this.#ecs)?.client.destroy();
    (await this.#scaling)?.client.destroy();
  }

  async #askEcs<T>(action: string, signal: AbortSignal, call: (made: MadeEcs, signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#ecs ??= this.#load.ecs().then((sdk) => ({ sdk, client: new sdk.ECSClient(clientConfig(this.#options)) }));
    const made = await this.#ecs;
    return ask(`ecs:${action}`, (abortSignal) => call(made, abortSignal), signal, this.#options.timeLimit);
  }

  async #askScaling<T>(action: string, signal: AbortSignal, call: (made: MadeScaling, signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#scaling ??= this.#load
      .applicationAutoScaling()
      .then((sdk) => ({ sdk, client: new sdk.ApplicationAutoScalingClient(clientConfig(this.#options)) }));
    const made = await this.#scaling;
    return ask(`application-autoscaling:${action}`, (abortSignal) => call(made, abortSignal), signal, this.#options.timeLimit);
  }
}

function serviceOf(service: Described): Service {
  const {
    serviceArn = '',
    status = '',
    desiredCount = 0,
    runningCount = 0,
    deploymentController,
    schedulingStrategy,
    events,
    tags,
  } = service;
  const event = events?.[0]?.message;
  return {
    arn: serviceArn,
    status,
    desired: desiredCount,
    running: runningCount,
    controller: deploymentController?.type ?? 'ECS',
    strategy: schedulingStrategy ?? 'REPLICA',
    ...(event !== undefined && { event }),
    tags: Object.fromEntries((tags ?? []).map(({ key = '', value = '' }) => [key, value])),
  };
}
