export { type AwsOptions, awsConfig } from './config.ts';
export { aws } from './plugin.ts';
