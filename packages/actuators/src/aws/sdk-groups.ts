import type { AutoScalingGroup, ScalingPolicy } from '@aws-sdk/client-auto-scaling';
import { ask, clientConfig, installed, type Sdk } from './caller.ts';
import type { Group, GroupClient, Policy, Scheduled } from './client.ts';
import type { AwsOptions } from './config.ts';

type Module = Awaited<ReturnType<Sdk['autoScaling']>>;
type Client = InstanceType<Module['AutoScalingClient']>;

/** EC2 Auto Scaling over the SDK. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Operations.html */
export class SdkGroups implements GroupClient {
  readonly #options: AwsOptions;
  readonly #load: Sdk['autoScaling'];
  #made: Promise<{ sdk: Module; client: Client }> | undefined;

  constructor(options: AwsOptions, load: Sdk['autoScaling'] = installed.autoScaling) {
    this.#options = options;
    this.#load = load;
  }

  async describe(name: string, signal: AbortSignal): Promise<Group | undefined> {
    const { AutoScalingGroups = [] } = await this.#ask('DescribeAutoScalingGroups', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }), { abortSignal }),
    );
    const group = AutoScalingGroups.find(({ AutoScalingGroupName }) => AutoScalingGroupName === name);
    return group && groupOf(group);
  }

  async policies(name: string, signal: AbortSignal): Promise<readonly Policy[]> {
    const { ScalingPolicies = [] } = await this.#ask('DescribePolicies', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.DescribePoliciesCommand({ AutoScalingGroupName: name, MaxRecords: 100 }), { abortSignal }),
    );
    return ScalingPolicies.map(policyOf);
  }

  async trouble(name: string, signal: AbortSignal): Promise<string | undefined> {
    const { Activities = [] } = await this.#ask('DescribeScalingActivities', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.DescribeScalingActivitiesCommand({ AutoScalingGroupName: name, MaxRecords: 1 }), { abortSignal }),
    );
    const [latest] = Activities;
    if (latest?.StatusCode !== 'Failed' && latest?.StatusCode !== 'Cancelled') return undefined;
    return latest.StatusMessage ?? latest.Description;
  }

  async schedule(name: string, { name: ScheduledActionName, at, min, desired }: Scheduled, signal: AbortSignal): Promise<void> {
    const sizes = { ...(min !== undefined && { MinSize: min }), ...(desired !== undefined && { DesiredCapacity: desired }) };
    const put = async (start: number): Promise<void> => {
      const action = { AutoScalingGroupName: name, ScheduledActionName, StartTime: new Date(start), ...sizes };
      await this.#ask('PutScheduledUpdateGroupAction', signal, ({ sdk, client }, abortSignal) =>
        client.send(new sdk.PutScheduledUpdateGroupActionCommand(action), { abortSignal }),
      );
    };
    await put(at).catch((error: Error) => {
      // No two actions of a group may begin at the same time: a minute later does as well.
      if (!/AlreadyExists/.test((error.cause as Error | undefined)?.name ?? '')) throw error;
      return put(at + 60_000);
    });
  }

  async unschedule(name: string, ScheduledActionName: string, signal: AbortSignal): Promise<void> {
    const given = { AutoScalingGroupName: name, ScheduledActionName };
    await this.#ask('DeleteScheduledAction', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.DeleteScheduledActionCommand(given), { abortSignal }).catch((error: Error) => {
        // One that ran, or never was.
        if (error.name !== 'ValidationError' || !/not found|does not exist|no .*scheduled/i.test(error.message)) throw error;
      }),
    );
  }

  async setMin(name: string, MinSize: number, signal: AbortSignal): Promise<void> {
    await this.#ask('UpdateAutoScalingGroup', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, MinSize }), { abortSignal }),
    );
  }

  async setDesired(name: string, DesiredCapacity: number, signal: AbortSignal): Promise<void> {
    const given = { AutoScalingGroupName: name, DesiredCapacity, HonorCooldown: false };
    await this.#ask('SetDesiredCapacity', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.SetDesiredCapacityCommand(given), { abortSignal }),
    );
  }

  async tag(name: string, Key: string, value: string | undefined, signal: AbortSignal): Promise<void> {
    const tag = { ResourceId: name, ResourceType: 'auto-scaling-group', Key };
    if (value === undefined) {
      await this.#ask('DeleteTags', signal, ({ sdk, client }, abortSignal) =>
        client.send(new sdk.DeleteTagsCommand({ Tags: [tag] }), { abortSignal }),
      );
      return;
    }
    await this.#ask('CreateOrUpdateTags', signal, ({ sdk, client }, abortSignal) =>
      client.send(new sdk.CreateOrUpdateTagsCommand({ Tags: [{ ...tag, Value: value, PropagateAtLaunch: false }] }), { abortSignal }),
    );
  }

  async close(): Promise<void> {
    (await this.#made)?.client.destroy();
  }

  async #ask<T>(action: string, signal: AbortSignal, call: (made: { sdk: Module; client: Client }, signal: AbortSignal) => Promise<T>) {
    this.#made ??= this.#load().then((sdk) => ({ sdk, client: new sdk.AutoScalingClient(clientConfig(this.#options)) }));
    const made = await this.#made;
    return ask(`autoscaling:${action}`, (abortSignal) => call(made, abortSignal), signal, this.#options.timeLimit);
  }
}

function groupOf(group: AutoScalingGroup): Group {
  const { MinSize = 0, MaxSize = 0, DesiredCapacity = 0, Instances = [], Status, SuspendedProcesses = [], Tags = [] } = group;
  const serving = Instances.filter(({ LifecycleState, HealthStatus }) => LifecycleState === 'InService' && HealthStatus === 'Healthy');
  return {
    min: MinSize,
    max: MaxSize,
    desired: DesiredCapacity,
    // A group that weighs its instances counts its sizes by the weights.
    inService: serving.reduce((sum, { WeightedCapacity }) => sum + Number(WeightedCapacity ?? 1), 0),
    ...(group.WarmPoolConfiguration && { warm: group.WarmPoolSize ?? 0 }),
    ...(Status && { status: Status }),
    suspended: SuspendedProcesses.map(({ ProcessName }) => ProcessName ?? ''),
    tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
  };
}

function policyOf({ PolicyName = '', PolicyType, Enabled, PredictiveScalingConfiguration }: ScalingPolicy): Policy {
  if (Enabled === false) return { name: PolicyName, kind: 'idle' };
  if (PolicyType !== 'PredictiveScaling') return { name: PolicyName, kind: 'dynamic' };
  return { name: PolicyName, kind: PredictiveScalingConfiguration?.Mode === 'ForecastAndScale' ? 'predictive' : 'idle' };
}
