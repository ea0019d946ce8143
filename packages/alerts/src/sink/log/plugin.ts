import { defineAlertSink } from '@auspex/contracts';
import { logConfig } from './config.ts';
import { LogSink } from './sink.ts';

/** Alerts where the engine's log is read already. */
export const alertLog = defineAlertSink({
  id: 'log',
  summary: 'Each alert as a line of the engine’s log: pages as errors, warnings as warnings, all else as information.',
  config: logConfig,
  create: (_, { logger }) => new LogSink(logger),
});
