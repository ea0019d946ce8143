import { AuspexError } from '@auspex/contracts';
import { Webhook } from 'standardwebhooks';
import { fromEnv } from '../environment.ts';

const PREFIX = 'whsec_';
const LEAST = 24;

/** Signs as Standard Webhooks has it: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export class Signer {
  /** All that is never to be told: of each secret the whole, what follows `whsec_`, and what that says. */
  readonly secrets: readonly string[];
  readonly #keys: readonly Webhook[];

  /**
   * @param secretEnv variable with one secret, or with several between which there are spaces: each signs
   * @throws AuspexError CONFIG_INVALID where it is empty, or one is shorter than 24 bytes or no base64
   */
  constructor(secretEnv: string) {
    const secrets = fromEnv('webhook', 'secretEnv', secretEnv).split(/\s+/);
    this.#keys = secrets.map((secret) => new Webhook(keyOf(secret, secretEnv), { format: 'raw' }));
    this.secrets = secrets.flatMap((secret) => [secret, codedOf(secret) ?? '', Buffer.from(keyOf(secret, secretEnv)).toString()]);
  }

  /**
   * @param id what a receiver knows a repeat by; see `headerText`
   * @param at epoch ms
   */
  headers(id: string, at: number, body: string): Record<string, string> {
    const when = new Date(at);
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at / 1_000)),
      'webhook-signature': this.#keys.map((key) => key.sign(id, when, body)).join(' '),
    };
  }
}

const codedOf = (text: string): string | undefined => (text.startsWith(PREFIX) ? text.slice(PREFIX.length) : undefined);

/** The bytes that sign: what base64 says after `whsec_`, else the text itself. */
function keyOf(text: string, name: string): Uint8Array {
  const coded = codedOf(text);
  const key = coded === undefined ? Buffer.from(text) : Buffer.from(coded, 'base64');
  const wrong =
    coded !== undefined && !/^[A-Za-z0-9+/]+={0,2}$/.test(coded)
      ? `what follows ${PREFIX} in the environment variable ${name} is no base64`
      : key.length < LEAST
        ? `the secret in the environment variable ${name} is shorter than ${LEAST} bytes`
        : undefined;
  if (wrong === undefined) return key;
  throw new AuspexError('CONFIG_INVALID', wrong, {
    path: 'alertSink(webhook).secretEnv',
    remedy: `Make one (echo "whsec_$(openssl rand -base64 32)") and give it to Auspex and the receiver.`,
  });
}

/** A text as a header may hold it: what it cannot, and dots, which separate what is signed, are percent-encoded. */
export function headerText(text: string): string {
  // Half a character has no encoding: it becomes U+FFFD, as in the body.
  const whole = Buffer.from(text).toString();
  return whole.replace(/[^\w@:+/-]/gu, (each) => (each === '.' ? '%2E' : encodeURIComponent(each)));
}
