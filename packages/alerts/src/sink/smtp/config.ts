import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { httpFields, variable } from '../http/config.ts';

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;

const mailbox = z.string().regex(/^[^\r\n]*[^\s@<]@[^\s@<>]+>?$/, 'is no mail address: ops@example.com, or Auspex <ops@example.com>');

/** Options of the alert sink `smtp`. */
export const smtpConfig = z
  .strictObject({
    host: z.string().min(1).describe('Mail server: smtp.example.com.'),
    port: z.int().min(1).max(65_535).optional().describe('Its port. Default 587; with security tls 465, with none 25.'),
    security: z
      .enum(['starttls', 'tls', 'none'])
      .default('starttls')
      .describe(
        'starttls: begins in the clear and goes on in TLS, or not at all; tls: TLS from the first byte; none: in the clear. Default starttls.',
      ),
    user: z.string().min(1).optional().describe('User to log in as. Default: nobody logs in.'),
    passwordEnv: variable.optional().describe('Name of the environment variable that holds the password of user. Default: none.'),
    from: mailbox.describe('Sender: Auspex <auspex@example.com>.'),
    to: z.array(mailbox).min(1).describe('Recipients.'),
    ca: httpFields.ca,
    timeLimit: duration()
      .refine((ms) => ms >= 100 && ms <= 120_000, 'must be from 100ms to 2m')
      .prefault('8s')
      .describe(
        'Longest that one mail may take, from connecting to the server’s word that it has it. Below the engine’s timeLimit, so that the reason is told. Default 8s.',
      ),
  })
  .refine(({ user, passwordEnv }) => (user === undefined) === (passwordEnv === undefined), {
    path: ['passwordEnv'],
    error: 'goes with user: give both or neither',
  })
  .refine(({ user, security, host }) => user === undefined || security !== 'none' || LOOPBACK.test(host), {
    path: ['security'],
    error: 'is none, and the password would be sent in the clear to another machine: use starttls or tls',
  });

export type SmtpOptions = z.output<typeof smtpConfig>;
