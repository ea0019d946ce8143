// node examples/06-aws/try.mjs
//
// The config of this folder against moto, an emulator of AWS: makes an Auto Scaling group and an ECS service, lets `auspex doctor` look at them, runs Auspex
// in live mode until its first orders are there, and prints what they changed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as scalableTargets from '@aws-sdk/client-application-auto-scaling';
import * as autoScaling from '@aws-sdk/client-auto-scaling';
import * as ecs from '@aws-sdk/client-ecs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, '../..');
const CONFIG = path.join(HERE, 'auspex.config.yaml');
const AUSPEX = path.join(ROOT, 'packages/cli/dist/bin.js');
const SERVICE = { ServiceNamespace: 'ecs', ResourceId: 'service/default/api', ScalableDimension: 'ecs:service:DesiredCount' };
const say = (text) => process.stdout.write(`${text}\n`);

const folder = mkdtempSync(path.join(tmpdir(), 'auspex-aws-'));
const children = [];

function start(file, args) {
  const child = spawn(process.execPath, [file, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit').then(([code]) => code);
  children.push({ child, ended });
  return { child, ended };
}

/** Ends what it started, and leaves nothing. */
async function end() {
  for (const { child, ended } of children.toReversed()) {
    child.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}

async function startMoto() {
  const { child } = start(path.join(ROOT, 'test/servers/cli.mjs'), ['up', 'moto']);
  child.stderr.on('data', (chunk) => process.stderr.write(chunk));
  for await (const line of createInterface({ input: child.stdout })) return line.replace(/^MOTO_URL=/, '');
  throw new Error('moto did not start');
}

/** A group of 2 to 12 instances and a service of 2 to 12 tasks, each with a policy that scales it by its CPU. */
async function furnish() {
  const groups = new autoScaling.AutoScalingClient();
  const launch = { LaunchConfigurationName: 'web', ImageId: 'ami-12c6146b', InstanceType: 't3.micro' };
  await groups.send(new autoScaling.CreateLaunchConfigurationCommand(launch));
  const group = { AutoScalingGroupName: 'web-asg', LaunchConfigurationName: 'web', MinSize: 2, MaxSize: 12, DesiredCapacity: 2 };
  const [AvailabilityZones, PolicyType] = [[`${process.env.AWS_REGION}a`], 'TargetTrackingScaling'];
  await groups.send(new autoScaling.CreateAutoScalingGroupCommand({ ...group, AvailabilityZones }));
  const cpu = { TargetValue: 50, PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' } };
  const policy = { AutoScalingGroupName: 'web-asg', PolicyName: 'cpu', PolicyType, TargetTrackingConfiguration: cpu };
  await groups.send(new autoScaling.PutScalingPolicyCommand(policy));

  const tasks = new ecs.ECSClient();
  await tasks.send(new ecs.CreateClusterCommand({ clusterName: 'default' }));
  const definition = { family: 'api', containerDefinitions: [{ name: 'api', image: 'api', memory: 64 }] };
  await tasks.send(new ecs.RegisterTaskDefinitionCommand(definition));
  await tasks.send(new ecs.CreateServiceCommand({ cluster: 'default', serviceName: 'api', taskDefinition: 'api', desiredCount: 2 }));
  const targets = new scalableTargets.ApplicationAutoScalingClient();
  await targets.send(new scalableTargets.RegisterScalableTargetCommand({ ...SERVICE, MinCapacity: 2, MaxCapacity: 12 }));
  const busy = { TargetValue: 50, PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' } };
  const tracking = { PolicyName: 'cpu', PolicyType, TargetTrackingScalingPolicyConfiguration: busy };
  await targets.send(new scalableTargets.PutScalingPolicyCommand({ ...SERVICE, ...tracking }));
}

/** What stands at AWS, a line each. */
async function look() {
  const groups = new autoScaling.AutoScalingClient();
  const AutoScalingGroupName = 'web-asg';
  const { AutoScalingGroups } = await groups.send(
    new autoScaling.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [AutoScalingGroupName] }),
  );
  const { MinSize, DesiredCapacity, Tags } = AutoScalingGroups[0];
  const planned = await groups.send(new autoScaling.DescribeScheduledActionsCommand({ AutoScalingGroupName }));
  const targets = new scalableTargets.ApplicationAutoScalingClient();
  const { ScalableTargets } = await targets.send(new scalableTargets.DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' }));
  const { ScheduledActions } = await targets.send(new scalableTargets.DescribeScheduledActionsCommand({ ServiceNamespace: 'ecs' }));
  const tags = Tags.filter(({ Key }) => Key === 'auspex:lease').map(({ Value }) => `  tag auspex:lease  ${Value}`);
  return [
    `web-asg      minimum ${MinSize}, desired ${DesiredCapacity}`,
    ...tags,
    ...planned.ScheduledUpdateGroupActions.map(
      (each) => `  ${each.ScheduledActionName}  minimum ${each.MinSize} at ${each.StartTime.toISOString()}`,
    ),
    `default/api  minimum ${ScalableTargets[0].MinCapacity}`,
    ...ScheduledActions.map((each) => `  ${each.ScheduledActionName}  minimum ${each.ScalableTargetAction.MinCapacity} ${each.Schedule}`),
  ];
}

/** Half an hour of requests up to now: 90 a second for web, 140 for api; 70 and 112 are what two units are planned for. */
function writeEvents() {
  const minute = 60_000;
  const now = Math.floor(Date.now() / minute) * minute;
  const lines = Array.from({ length: 30 }, (_, n) => new Date(now - (30 - n) * minute).toISOString()).flatMap((at) => [
    JSON.stringify({ at, group: 'web', count: 60 * 90 }),
    JSON.stringify({ at, group: 'api', count: 60 * 140 }),
  ]);
  writeFileSync(path.join(folder, 'events.ndjson'), `${lines.join('\n')}\n`);
}

/** `auspex doctor`, as it is. */
async function doctor() {
  const { child, ended } = start(AUSPEX, ['doctor', '--config', CONFIG]);
  child.stdout.on('data', (chunk) => process.stdout.write(chunk));
  const code = await ended;
  if (code !== 0) throw new Error(`auspex doctor ended with ${code}`);
}

/** Runs it until both pools have their orders. */
async function live() {
  const { child, ended } = start(AUSPEX, ['run', '--config', CONFIG, '--mode', 'live', '--listen', '127.0.0.1:0']);
  child.stdout.resume();
  let url;
  let log = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    log += `${line}\n`;
    url ??= /"url":"([^"]+)"/.exec(line)?.[1];
  });
  for (;;) {
    if (child.exitCode !== null) throw new Error(log);
    const text = url ? await (await fetch(`${url}/metrics`)).text() : '';
    const [web = 0, api = 0] = ['web', 'api'].map((pool) =>
      Number(new RegExp(`^auspex_pool_units_target{pool="${pool}"} (\\S+)`, 'm').exec(text)?.[1]),
    );
    if (/^auspex_receipts_refused_total\{.*\} [1-9]/m.test(text)) throw new Error(`an order was refused:\n${log}`);
    if (web > 2 && api > 2) break;
    await sleep(100);
  }
  child.kill('SIGTERM');
  await ended;
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end().then(() => process.exit(130)));
try {
  process.env.AWS_ENDPOINT_URL = await startMoto();
  Object.assign(process.env, { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  process.env.AWS_EC2_METADATA_DISABLED = 'true';
  await furnish();
  writeEvents();
  await doctor();
  const before = await look();
  await live();
  const after = await look();
  say(`\nbefore\n  ${before.join('\n  ')}\n\nafter\n  ${after.join('\n  ')}`);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  await end();
}
process.exit();
