export type { AwsClient, Group, GroupClient, Policy, ScalableTarget, Scheduled, Service, ServiceClient } from './client.ts';
export { type AwsOptions, awsConfig } from './config.ts';
export { aws, createAwsActuator } from './plugin.ts';
