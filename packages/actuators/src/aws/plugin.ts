import { type Actuator, defineActuator, type PluginContext } from '@auspex/contracts';
import { actuatorOver } from '../target/index.ts';
import type { AwsClient } from './client.ts';
import { type AwsOptions, awsConfig } from './config.ts';
import { SdkGroups } from './sdk-groups.ts';
import { SdkServices } from './sdk-services.ts';
import { AwsTarget } from './target.ts';

/** Sizes of EC2 Auto Scaling groups and ECS services. */
export const aws = defineActuator({
  id: 'aws',
  summary: 'Sizes of EC2 Auto Scaling groups and ECS services; a scheduled action of AWS brings the original back.',
  config: awsConfig,
  capabilities: { lease: 'target' },
  create: (options, context) => createAwsActuator(options, context),
});

/** @param client Default: the SDK, whose packages are loaded with the first call. */
export function createAwsActuator(options: AwsOptions, context: PluginContext, client: AwsClient = overSdk(options)): Actuator {
  const { patience, handsOff } = options;
  return actuatorOver(new AwsTarget(options, client, context.clock), { plugin: aws.id, patience, handsOff }, context);
}

function overSdk(options: AwsOptions): AwsClient {
  const [groups, services] = [new SdkGroups(options), new SdkServices(options)];
  return {
    groups,
    services,
    async close() {
      await Promise.allSettled([groups.close(), services.close()]);
    },
  };
}
