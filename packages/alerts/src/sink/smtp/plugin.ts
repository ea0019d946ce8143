import { defineAlertSink } from '@auspex/contracts';
import { smtpConfig } from './config.ts';
import { SmtpSink } from './sink.ts';

/** Alerts by mail. Needs the package nodemailer. */
export const smtp = defineAlertSink({
  id: 'smtp',
  summary: 'Alerts as plain-text mail through a mail server; the alerts of a send are one mail.',
  config: smtpConfig,
  create: (options, context) => new SmtpSink(options, context),
});
