export { type SlackOptions, slackConfig } from './config.ts';
export { slack } from './plugin.ts';
