import type { Actuator, Order } from '@auspex/contracts';
import { fakeContext, ManualClock, MapStore } from '@auspex/testkit';
import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScheduledActionsCommand as DescribeServiceActions,
  PutScalingPolicyCommand as PutServicePolicy,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import {
  AutoScalingClient,
  type AutoScalingGroup,
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeScheduledActionsCommand,
  PutScalingPolicyCommand,
  PutWarmPoolCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { need, type Server } from '../../../test/servers/index.ts';
import { aws, awsConfig } from '../src/aws/index.ts';

const MINUTE = 60_000;
/** Ahead of the wall: actions have to lie in the future. */
const START = Math.ceil(Date.now() / 3_600_000) * 3_600_000;
const never = new AbortController().signal;
const ABOUT = { ServiceNamespace: 'ecs', ResourceId: 'service/default/api', ScalableDimension: 'ecs:service:DesiredCount' } as const;

let server: Server | undefined;
let groups: AutoScalingClient;
let ecs: ECSClient;
let scaling: ApplicationAutoScalingClient;

const order = (n: number, units: number, given: Partial<Order> = {}): Order => {
  const step = START + n * MINUTE;
  const pool = given.pool ?? 'web';
  return { key: `${pool}@${step}`, pool, pop: '*', units, min: 1, max: 20, epoch: 1, shadow: false, step, ...given };
};
const floor = (n: number, units: number, given: Partial<Order> = {}): Order =>
  order(n, units, { expires: START + (n + 3) * MINUTE, ...given });

/** An actuator whose clock goes on where it sleeps. */
function create(pools: object, store = new MapStore()): Actuator {
  class Clock extends ManualClock {
    override async sleep(ms: number): Promise<void> {
      await this.advance(ms);
    }
  }
  const options = awsConfig.parse({ pools, region: 'us-east-1', endpoint: server?.address, patience: '1s', timeLimit: '10s' });
  return aws.create(options, fakeContext({ clock: new Clock(START), store }));
}

/** A group of its own for each test. */
let made = 0;
async function makeGroup(policies = true): Promise<string> {
  const name = `web-${++made}`;
  const sizes = { MinSize: 2, MaxSize: 12, DesiredCapacity: 2 };
  const where = { LaunchConfigurationName: 'launch', AvailabilityZones: ['us-east-1a'] };
  await groups.send(new CreateAutoScalingGroupCommand({ AutoScalingGroupName: name, ...sizes, ...where }));
  if (!policies) return name;
  const metric = { PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' as const }, TargetValue: 50 };
  // moto keeps one policy a name, whatever group it is of.
  const policy = { PolicyName: `cpu-${name}`, PolicyType: 'TargetTrackingScaling', TargetTrackingConfiguration: metric };
  await groups.send(new PutScalingPolicyCommand({ AutoScalingGroupName: name, ...policy }));
  return name;
}

const group = async (name: string): Promise<AutoScalingGroup | undefined> =>
  (await groups.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }))).AutoScalingGroups?.[0];
const actions = async (name: string) =>
  (await groups.send(new DescribeScheduledActionsCommand({ AutoScalingGroupName: name }))).ScheduledUpdateGroupActions ?? [];
const tags = async (name: string) =>
  (await group(name))?.Tags?.map(({ Key, Value, PropagateAtLaunch }) => ({ Key, Value, PropagateAtLaunch }));

/** Services, a cluster and a launch configuration; moto forgets all of it when it is killed. */
async function furnish(): Promise<void> {
  const connection = { endpoint: server?.address as string, region: 'us-east-1' };
  groups = new AutoScalingClient(connection);
  ecs = new ECSClient(connection);
  scaling = new ApplicationAutoScalingClient(connection);
  await groups.send(
    new CreateLaunchConfigurationCommand({ LaunchConfigurationName: 'launch', ImageId: 'ami-12c6146b', InstanceType: 't2.micro' }),
  );
  await ecs.send(new CreateClusterCommand({ clusterName: 'default' }));
  await ecs.send(new RegisterTaskDefinitionCommand({ family: 'api', containerDefinitions: [{ name: 'api', image: 'api', memory: 64 }] }));
  await ecs.send(new CreateServiceCommand({ cluster: 'default', serviceName: 'api', taskDefinition: 'api', desiredCount: 2 }));
}

describe('aws over moto', () => {
  beforeEach(async (context) => {
    if (server) return;
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_EC2_METADATA_DISABLED: 'true' });
    server = await need('moto', context, { own: true });
    await furnish();
  }, 240_000);
  afterAll(() => server?.stop());

  it('sets the minimum of a group and reads it back; the scheduled action is stored and put off (moto runs none: that was not seen)', async () => {
    const name = await makeGroup();
    const actuator = create({ web: { autoScalingGroup: name } });
    expect(await actuator.read('web', never)).toEqual({ units: 2, ready: 2 });
    expect(await actuator.actuate(floor(0, 6), never)).toMatchObject({ status: 'applied', units: 6, ready: 6 });
    expect(await group(name)).toMatchObject({ MinSize: 6, MaxSize: 12, DesiredCapacity: 6 });
    const stored = { ScheduledActionName: 'auspex-restore', MinSize: 2 };
    expect(await actions(name)).toEqual([expect.objectContaining({ ...stored, StartTime: new Date(START + 3 * MINUTE) })]);
    const Value = `units=6 original=2 step=${START} epoch=1 expires=${START + 3 * MINUTE}`;
    expect(await tags(name)).toEqual([{ Key: 'auspex:lease', Value, PropagateAtLaunch: false }]);
    await actuator.actuate(floor(1, 7), never);
    expect(await actions(name)).toEqual([expect.objectContaining({ ...stored, StartTime: new Date(START + 4 * MINUTE) })]);
    // Full control takes the way back away.
    await actuator.actuate(order(2, 5), never);
    expect([await actions(name), (await group(name))?.MinSize]).toEqual([[], 5]);
    // And a second time there is none to take away.
    await actuator.actuate(floor(3, 6), never);
    await actuator.actuate(order(4, 5), never);
    await actuator.close?.();
  });

  it('another instance, with another store, goes by the tag', async () => {
    const name = await makeGroup();
    const pools = { web: { autoScalingGroup: name } };
    await create(pools).actuate(floor(0, 6, { epoch: 3 }), never);
    const other = create(pools);
    expect((await other.actuate(floor(1, 4, { epoch: 2 }), never)).detail).toMatch(/epoch 2 is older than 3/);
    expect((await other.actuate(floor(0, 6, { epoch: 3 }), never)).status).toBe('duplicate');
    // A human.
    await groups.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, MinSize: 9 }));
    expect((await other.actuate(floor(1, 6, { epoch: 3 }), never)).detail).toMatch(/somebody else set 9 where Auspex had set 6/);
    expect([await actions(name), (await group(name))?.MinSize]).toEqual([[], 9]);
  });

  it('a keeper takes floor, action and tag away', async () => {
    const name = await makeGroup();
    const pools = { web: { autoScalingGroup: name } };
    // It ran out by the clock of the next one.
    await create(pools).actuate(floor(0, 6), never);
    const keeper = aws.create(
      awsConfig.parse({ pools, region: 'us-east-1', endpoint: server?.address }),
      fakeContext({ clock: new ManualClock(START + 10 * MINUTE) }),
    );
    expect(await keeper.restore?.('web', never)).toMatchObject({ from: 6, units: 2 });
    expect([await actions(name), await tags(name), (await group(name))?.MinSize]).toEqual([[], [], 2]);
  });

  it('the desired capacity stays below the maximum, which moto would not mind', async () => {
    const name = await makeGroup(false);
    const actuator = create({ web: { autoScalingGroup: name, set: 'desired' } });
    expect(await actuator.actuate(floor(0, 20), never)).toMatchObject({ units: 12, detail: '20 wanted, and the target allows 12 at most' });
    expect(await group(name)).toMatchObject({ MinSize: 2, DesiredCapacity: 12 });
    expect(await actions(name)).toEqual([expect.objectContaining({ DesiredCapacity: 2 })]);
  });

  it('refuses what others own, and what cannot come back', async () => {
    const [policed, bare, suspended] = [await makeGroup(), await makeGroup(false), await makeGroup()];
    await groups.send(new SuspendProcessesCommand({ AutoScalingGroupName: suspended, ScalingProcesses: ['ScheduledActions'] }));
    const refused = async (pool: object, given = floor(0, 6)) => (await create({ web: pool }).actuate(given, never)).detail;
    expect(await refused({ autoScalingGroup: policed, set: 'desired' })).toMatch(/is set by its scaling policies \(cpu-web-\d+\)/);
    expect(await refused({ autoScalingGroup: bare })).toMatch(/has no dynamic scaling policy/);
    expect(await refused({ autoScalingGroup: suspended })).toMatch(/its process ScheduledActions is suspended/);
    expect(await refused({ autoScalingGroup: 'nobody' })).toMatch(/there is no Auto Scaling group nobody/);
    expect(await refused({ ecsService: 'default/nobody' })).toMatch(/there is no ECS service default\/nobody/);
    expect(await refused({ ecsService: 'nowhere/api' })).toMatch(/there is no ECS service nowhere\/api/);
    for (const name of [policed, bare, suspended]) expect(await group(name)).toMatchObject({ MinSize: 2, DesiredCapacity: 2 });
  });

  it('instances of a warm pool do not count', async () => {
    const name = await makeGroup();
    await groups.send(new PutWarmPoolCommand({ AutoScalingGroupName: name, MinSize: 3 }));
    expect(await create({ web: { autoScalingGroup: name } }).read('web', never)).toEqual({ units: 2, ready: 2 });
  });

  it('sets the minimum of an ECS service by its scalable target; the scheduled action is stored and put off (moto runs none: that was not seen)', async () => {
    const actuator = create({ api: { ecsService: 'default/api' } });
    const given = { pool: 'api' };
    expect((await actuator.actuate(floor(0, 6, given), never)).detail).toMatch(/has no scalable target/);
    await scaling.send(new RegisterScalableTargetCommand({ ...ABOUT, MinCapacity: 2, MaxCapacity: 12 }));
    expect((await actuator.actuate(floor(0, 6, given), never)).detail).toMatch(/has no dynamic scaling policy/);
    const metric = { TargetValue: 50, PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' as const } };
    const policy = { PolicyName: 'cpu', PolicyType: 'TargetTrackingScaling' as const, TargetTrackingScalingPolicyConfiguration: metric };
    await scaling.send(new PutServicePolicy({ ...ABOUT, ...policy }));
    expect(await actuator.actuate(floor(0, 6, given), never)).toMatchObject({ status: 'applied', units: 6, ready: 0 });
    await actuator.actuate(floor(1, 7, given), never);
    const { ScalableTargets } = await scaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' }));
    expect(ScalableTargets).toEqual([expect.objectContaining({ MinCapacity: 7, MaxCapacity: 12 })]);
    const stored = async () => (await scaling.send(new DescribeServiceActions({ ServiceNamespace: 'ecs' }))).ScheduledActions;
    const Schedule = `at(${new Date(START + 4 * MINUTE).toISOString().slice(0, 19)})`;
    expect(await stored()).toEqual([
      expect.objectContaining({ ScheduledActionName: 'auspex-restore', Schedule, ScalableTargetAction: { MinCapacity: 2 } }),
    ]);
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster: 'default', services: ['api'], include: ['TAGS'] }));
    expect(services?.[0]?.tags).toEqual([{ key: 'auspex:lease', value: expect.stringMatching(/^units=7 original=2 /) }]);
    await actuator.actuate(order(2, 4, given), never);
    expect(await stored()).toEqual([]);
    await actuator.close?.();
  });

  it('sets the desired count of an ECS service that nobody else scales', async () => {
    await ecs.send(new CreateServiceCommand({ cluster: 'default', serviceName: 'alone', taskDefinition: 'api', desiredCount: 2 }));
    const actuator = create({ web: { ecsService: 'default/alone', set: 'desired' } });
    expect(await actuator.actuate(order(0, 5), never)).toMatchObject({ status: 'applied', units: 5 });
    expect((await actuator.actuate(order(0, 5), never)).status).toBe('duplicate');
    expect((await actuator.actuate(floor(1, 6), never)).detail).toMatch(/ECS itself brings no desired count back/);
  });

  it('credentials that AWS does not know are a refusal', async () => {
    const name = await makeGroup();
    const pools = { web: { autoScalingGroup: name } };
    // From now on moto asks who calls.
    const auth = (count: string) => fetch(`${server?.address}/moto-api/reset-auth`, { method: 'POST', body: count });
    await auth('0');
    try {
      expect(await create(pools).actuate(floor(0, 6), never)).toMatchObject({
        status: 'refused',
        detail: expect.stringMatching(/^AWS does not know who asks \(autoscaling:DescribeAutoScalingGroups: InvalidClientTokenId: /),
      });
    } finally {
      await auth('inf');
    }
    expect((await create(pools).actuate(floor(0, 6), never)).status).toBe('applied');
  });

  it('a server that is gone is no success, and one that is back is read anew', async () => {
    const name = await makeGroup();
    const actuator = create({ web: { autoScalingGroup: name } });
    await actuator.actuate(floor(0, 6), never);
    await server?.kill();
    await expect(actuator.actuate(floor(1, 7), never)).rejects.toThrow(
      /autoscaling:DescribeAutoScalingGroups.*ECONNREFUSED.*asked \d+ times/,
    );
    await expect(actuator.read('web', never)).rejects.toThrow(/ECONNREFUSED/);
    await server?.restart();
    await furnish();
    // The emulator holds all in memory: the group is gone, as one that somebody deleted.
    expect((await actuator.actuate(floor(1, 7), never)).detail).toMatch(/there is no Auto Scaling group/);
    const again = create({ web: { autoScalingGroup: await makeGroup() } });
    expect(await again.actuate(floor(1, 7), never)).toMatchObject({ status: 'applied', units: 7 });
  }, 60_000);
});
