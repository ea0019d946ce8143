import { createHmac } from 'node:crypto';
import { AuspexError } from '@auspex/contracts';

const PREFIX = 'whsec_';
const LEAST = 24;

/**
 * The key of an environment variable: base64 after `whsec_`, else the text itself.
 *
 * @throws AuspexError CONFIG_INVALID where it is empty, shorter than 24 bytes, or no base64
 */
export function readSecret(name: string, env: NodeJS.ProcessEnv = process.env): Buffer {
  const text = env[name] ?? '';
  const coded = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : undefined;
  const key = coded === undefined ? Buffer.from(text) : Buffer.from(coded, 'base64');
  const wrong =
    text === ''
      ? `the environment variable ${name} is empty`
      : coded !== undefined && !/^[A-Za-z0-9+/]+={0,2}$/.test(coded)
        ? `what follows ${PREFIX} in the environment variable ${name} is no base64`
        : key.length < LEAST
          ? `the secret in the environment variable ${name} is shorter than ${LEAST} bytes`
          : undefined;
  if (wrong === undefined) return key;
  throw new AuspexError('CONFIG_INVALID', wrong, {
    path: 'actuator(webhook).secretEnv',
    remedy: `Make one (echo "whsec_$(openssl rand -base64 32)") and give it to Auspex and the receiver.`,
  });
}

/**
 * The headers of Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @param id its idempotency key; what a header cannot hold, and dots, which separate what is signed, are percent-encoded
 * @param at epoch ms
 */
export function sign(key: Buffer, id: string, at: number, body: string): Record<string, string> {
  const safe = id.replace(/[^\w@:+-]/gu, (each) => (each === '.' ? '%2E' : encodeURIComponent(each)));
  const timestamp = String(Math.floor(at / 1_000));
  const signature = createHmac('sha256', key).update(`${safe}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': safe, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
