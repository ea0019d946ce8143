export { type SmtpOptions, smtpConfig } from './config.ts';
export { smtp } from './plugin.ts';
