import { z } from 'zod';
import { targetOptions } from '../target/index.ts';

/** What both kinds of target have. */
const common = {
  set: z
    .enum(['min', 'desired'])
    .default('min')
    .describe(
      'What an order sets: min = the minimum, above which its own policies go on scaling; desired = the count itself, of which nobody else is in charge. Default min.',
    ),
  scaleIn: z
    .enum(['policies', 'elsewhere'])
    .default('policies')
    .describe(
      'Of min: who takes units out once a minimum is lowered. policies = its own scaling policies, and a raise is refused where there are none; elsewhere = something that AWS does not show. Default policies.',
    ),
};

const group = z.strictObject({
  autoScalingGroup: z.string().min(1).max(255).describe('Name of the EC2 Auto Scaling group. This or `ecsService`.'),
  ...common,
});

const service = z.strictObject({
  ecsService: z
    .string()
    .regex(/^[\w-]+\/[\w-]+$/, 'must be CLUSTER/SERVICE, by their names: default/web')
    .describe('Cluster and name of the ECS service: default/web. This or `autoScalingGroup`.'),
  ...common,
});

const pool = z.union([group, service], { error: 'give autoScalingGroup, or ecsService as CLUSTER/SERVICE, and no key that is misspelt' });

/** Options of the actuator `aws`. */
export const awsConfig = z.strictObject({
  pools: z
    .record(z.string().min(1), pool)
    .refine((pools) => Object.keys(pools).length > 0, 'names no pool')
    .refine((pools) => {
      const names = Object.values(pools).map(nameOf);
      return new Set(names).size === names.length;
    }, 'names the same group or service for two pools: they would undo each other')
    .describe('What each pool is: {"web": {"autoScalingGroup": "web-asg"}, "api": {"ecsService": "default/api"}}.'),
  region: z
    .string()
    .min(1)
    .optional()
    .describe('Region, such as eu-central-1. Default: the one that the SDK finds (AWS_REGION, the profile).'),
  endpoint: z.url().optional().describe('Address of all three APIs, for an emulator. Default: those of AWS.'),
  ...targetOptions,
});

export type AwsOptions = z.output<typeof awsConfig>;
export type AwsPool = z.output<typeof pool>;
export type GroupOptions = z.output<typeof group>;
export type ServiceOptions = z.output<typeof service>;

/** A name for messages, and one that two pools must not share. */
export function nameOf(options: AwsPool): string {
  return 'ecsService' in options ? `ECS service ${options.ecsService}` : `Auto Scaling group ${options.autoScalingGroup}`;
}
