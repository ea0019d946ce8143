import { defineAlertSink } from '@auspex/contracts';
import { slackConfig } from './config.ts';
import { SlackSink } from './sink.ts';

/** Alerts where people talk. */
export const slack = defineAlertSink({
  id: 'slack',
  summary: 'Alerts as messages through an incoming webhook of Slack, or of Mattermost, Rocket.Chat, Discord.',
  config: slackConfig,
  create: (options) => new SlackSink(options),
});
