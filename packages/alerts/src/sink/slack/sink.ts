import { type Alert, type AlertSink, AuspexError } from '@auspex/contracts';
import { fromEnv } from '../environment.ts';
import { Poster } from '../http/client.ts';
import { hasCredentials, isOpen } from '../http/config.ts';
import { jsonOf } from '../text.ts';
import { oneByOne } from '../undelivered.ts';
import type { SlackOptions } from './config.ts';
import { messagesOf } from './message.ts';

const SINK = 'slack';

/** Posts the alerts of a send as one message, or as few as hold them. */
export class SlackSink implements AlertSink {
  readonly #url: URL;
  readonly #poster: Poster;
  readonly #voice: Readonly<Record<string, string>>;

  /** @throws AuspexError CONFIG_INVALID when the variable holds no address, or the file of authorities cannot be read */
  constructor(options: SlackOptions) {
    const { channel, username } = options;
    this.#url = addressOf(options);
    this.#voice = { ...(channel !== undefined && { channel }), ...(username !== undefined && { username }) };
    const hint = () =>
      'Make a new incoming webhook and put its address into the variable of urlEnv: this one is gone, or may not write there';
    // The address is the secret, and none is told whole.
    this.#poster = new Poster({ sink: SINK, hint, secrets: [] }, options);
  }

  async send(alerts: readonly Alert[], signal: AbortSignal): Promise<void> {
    await oneByOne(
      messagesOf(alerts),
      (part) => part.alerts.map(({ fingerprint }) => fingerprint).join(', '),
      ({ message }) => this.#poster.post(this.#url, jsonOf({ ...this.#voice, ...message }), {}, signal),
    );
  }
}

function addressOf({ urlEnv, insecure }: SlackOptions): URL {
  const text = fromEnv(SINK, 'urlEnv', urlEnv);
  // What stands there is a secret: no message, and no cause, has it.
  const refuse = (what: string, remedy: string): never => {
    throw new AuspexError('CONFIG_INVALID', `the environment variable ${urlEnv} ${what}`, { path: `alertSink(${SINK}).urlEnv`, remedy });
  };
  if (!URL.canParse(text))
    return refuse('holds no address', 'Put the whole address of the incoming webhook there, beginning with https://.');
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol))
    return refuse('holds an address that is not https://', 'Put the address of an incoming webhook there, beginning with https://.');
  if (hasCredentials(url)) return refuse('holds an address with a user or password', 'Leave them out: the address itself is the secret.');
  if (!insecure && isOpen(url)) return refuse('holds an address of another machine with http://', 'Use https://, or set insecure: true.');
  return url;
}
