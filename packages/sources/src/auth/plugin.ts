import { defineSource } from '@auspex/contracts';
import { authConfig } from './config.ts';
import { authSource } from './source.ts';

/** Sign-ins and failed ones, from the logs of who checks them. */
export const auth = defineSource({
  id: 'auth',
  summary: 'Sign-ins, successful or not, from sshd’s syslog lines, Keycloak or Okta events or any JSON lines; read whole or followed.',
  config: authConfig,
  capabilities: { replayable: true, silence: 'zero' },
  create: authSource,
});
