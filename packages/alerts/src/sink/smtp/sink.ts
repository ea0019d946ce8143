import { type Alert, type AlertSink, formatDuration, type PluginContext } from '@auspex/contracts';
import { fromEnv, readCa } from '../environment.ts';
import { masked } from '../masked.ts';
import { cut, oneLine } from '../text.ts';
import { Undelivered } from '../undelivered.ts';
import { type MailClient, openClient, portOf } from './client.ts';
import type { SmtpOptions } from './config.ts';
import { mailOf } from './mail.ts';

const SINK = 'smtp';
/** What the server says of an error is cut there. */
const SAID = 300;

interface SmtpFailure extends Error {
  /** Nodemailer's: EAUTH, ETLS, ECONNECTION, EENVELOPE … */
  readonly code?: string;
  /** The server's, RFC 5321: 550 … */
  readonly responseCode?: number;
}

/** One mail a send. */
export class SmtpSink implements AlertSink {
  readonly #options: SmtpOptions;
  readonly #context: Pick<PluginContext, 'clock' | 'logger'>;
  readonly #password: string | undefined;
  readonly #ca: Buffer | undefined;
  #client: Promise<MailClient> | undefined;

  /** @throws AuspexError CONFIG_INVALID when a variable or the file of authorities cannot be read */
  constructor(options: SmtpOptions, context: Pick<PluginContext, 'clock' | 'logger'>) {
    this.#options = options;
    this.#context = context;
    const { passwordEnv, ca } = options;
    this.#password = passwordEnv === undefined ? undefined : fromEnv(SINK, 'passwordEnv', passwordEnv);
    this.#ca = ca === undefined ? undefined : readCa(SINK, ca);
  }

  async send(alerts: readonly Alert[], signal: AbortSignal): Promise<void> {
    const [first, ...rest] = alerts;
    if (!first) return;
    signal.throwIfAborted();
    const { from, to, timeLimit } = this.#options;
    this.#client ??= openClient(this.#options, this.#password, this.#ca);
    const client = await this.#client;
    const limit = AbortSignal.timeout(timeLimit);
    const mail = mailOf([first, ...rest], from, to, this.#context.clock.now());
    try {
      const { rejected = [] } = await client.sendMail({ ...mail, signal: AbortSignal.any([signal, limit]) });
      if (rejected.length > 0)
        this.#context.logger.warn({ rejected }, 'the mail server refuses some of the recipients; the others have the mail');
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted) throw this.#error(`no answer within ${formatDuration(timeLimit)}`, false, error);
      throw this.#failed(error as SmtpFailure);
    }
  }

  #failed(error: SmtpFailure): Undelivered {
    const { code, responseCode = 0, message } = error;
    const words = this.#silenced(message);
    const said = cut(oneLine(words), SAID);
    // Loggers write causes, too.
    const cause = words === message ? error : undefined;
    if (code === 'EAUTH') return this.#error(`it does not let user log in (${said}): check user and passwordEnv`, true);
    if (code === 'ETLS' || /certificate|SSL|TLS/i.test(said)) {
      return this.#error(`no trusted TLS (${said}): check security, and give the authority that signed its certificate as ca`, true, cause);
    }
    if (responseCode >= 500) return this.#error(`it refuses the mail (${said}): check from and to`, true, cause);
    if (responseCode >= 400) return this.#error(`it does not take the mail now (${said})`, false, cause);
    return this.#error(`it cannot be reached (${said})`, false, cause);
  }

  #silenced(text: string): string {
    const password = this.#password;
    // AUTH LOGIN sends the one, AUTH PLAIN the other (RFC 4616).
    return password === undefined ? text : masked(text, [password, `\0${this.#options.user}\0${password}`]);
  }

  #error(message: string, lasting: boolean, cause?: unknown): Undelivered {
    return new Undelivered(message, { path: `${SINK}: ${this.#options.host}:${portOf(this.#options)}`, lasting, cause });
  }
}
