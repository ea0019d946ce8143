import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { PluginContext } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import type { Client, Validators } from './client.ts';
import { type FetchOptions, shown } from './config.ts';
import { textOf } from './text.ts';

/** After a failure it is asked again sooner than it would be. Milliseconds. */
const AGAIN = 60_000;
/** A server and a wall clock that are so far apart do not tell the same time: it is a replay's. */
const APART = 86_400_000;

/** As it is kept in the store. */
interface Kept {
  readonly version: 1;
  readonly fetched: number;
  readonly validators: Validators;
  /** Gzip of the text. */
  readonly body: Uint8Array;
}

interface Held<T> {
  readonly value: T;
  readonly fetched: number;
  readonly validators: Validators;
}

/** Where the copy of an address is kept. A hash, since a private address is a secret. */
export function keyOf(calendar: string, url: string): string {
  return `${calendar}/${createHash('sha256').update(url).digest('hex').slice(0, 32)}`;
}

export interface RemoteOptions<T> {
  readonly client: Client;
  readonly url: URL;
  /** In the store. */
  readonly key: string;
  readonly parse: (text: string) => T;
  readonly access: Pick<FetchOptions, 'refresh' | 'maxSize'>;
  readonly context: PluginContext;
}

/**
 * A calendar on a server. Its last good copy is what counts, after a restart too; it is renewed beside the questions, so that a slow
 * server delays none. Only the very first question waits.
 */
export class RemoteCopy<T> {
  readonly #options: RemoteOptions<T>;
  readonly #where: string;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  #held: Held<T> | undefined;
  #restored: Promise<void> | undefined;
  #renewal: Promise<void> | undefined;
  #asked: number | undefined;
  #failure: Error | undefined;
  #replay = false;

  constructor(options: RemoteOptions<T>) {
    this.#options = options;
    this.#where = shown(options.url);
    this.#signal = AbortSignal.any([options.context.signal, this.#abort.signal]);
  }

  /** @throws AuspexError while there never was anything that could be read */
  async value(): Promise<T> {
    this.#restored ??= this.#restore();
    await this.#restored;
    if (this.#due()) this.#renewal ??= this.#renew();
    if (!this.#held) await this.#renewal;
    if (this.#held) return this.#held.value;
    throw this.#failure ?? this.#signal.reason;
  }

  /** What is under way is broken off. */
  async close(): Promise<void> {
    this.#abort.abort(new Error('closed'));
    await this.#renewal;
  }

  #due(): boolean {
    if (this.#replay || this.#signal.aborted) return false;
    if (this.#asked === undefined) return true;
    const { refresh } = this.#options.access;
    const waited = this.#options.context.clock.now() - this.#asked;
    return waited < 0 || waited >= (this.#failure ? Math.min(AGAIN, refresh) : refresh);
  }

  /** Asks the server. Throws nothing: what failed is told, and what was held before stands. */
  async #renew(): Promise<void> {
    const { client, url, parse, context } = this.#options;
    const { clock, logger, meter } = context;
    try {
      const { body, validators, date } = await client.get(url, this.#held?.validators ?? {}, this.#signal);
      const now = clock.now();
      if (body) {
        this.#held = { value: parse(textOf(body, this.#where)), fetched: now, validators };
        await this.#keep(body, this.#held);
      } else if (this.#held) {
        this.#held = { ...this.#held, fetched: now };
      }
      if (date !== undefined && Math.abs(date - now) > APART && !this.#replay) {
        this.#replay = true;
        logger.info({ calendar: this.#where }, 'the clock is not the server’s, as in a replay: this calendar is fetched once');
      }
      if (this.#failure) logger.info({ calendar: this.#where }, 'the calendar can be fetched again');
      this.#failure = undefined;
    } catch (error) {
      if (this.#signal.aborted) return;
      meter.count('auspex_calendar_fetch_failures_total', 1, { calendar: this.#where });
      if (this.#held && !this.#failure) {
        const since = new Date(this.#held.fetched).toISOString();
        logger.warn(
          { calendar: this.#where, since, error: (error as Error).message },
          'the calendar cannot be renewed: the last good copy stands',
        );
      }
      this.#failure = error as Error;
    } finally {
      const now = clock.now();
      if (this.#held) meter.gauge('auspex_calendar_age_seconds', (now - this.#held.fetched) / 1000, { calendar: this.#where });
      this.#asked = now;
      this.#renewal = undefined;
    }
  }

  async #keep(body: Uint8Array, { fetched, validators }: Held<T>): Promise<void> {
    const kept: Kept = { version: 1, fetched, validators, body: gzipSync(body) };
    try {
      await this.#options.context.store.batch([{ type: 'put', key: this.#options.key, value: pack(kept) }]);
    } catch (error) {
      this.#options.context.logger.debug(
        { calendar: this.#where, error: (error as Error).message },
        'no copy of the calendar is kept: a restart needs the server',
      );
    }
  }

  async #restore(): Promise<void> {
    const { context, parse, access } = this.#options;
    try {
      const bytes = await context.store.get(this.#options.key);
      if (!bytes) return;
      const { version, fetched, validators, body } = unpack<Kept>(bytes);
      if (version !== 1) return;
      const text = textOf(gunzipSync(body, { maxOutputLength: access.maxSize }), this.#where);
      this.#held = { value: parse(text), fetched, validators };
    } catch (error) {
      context.logger.debug({ calendar: this.#where, error: (error as Error).message }, 'no copy of the calendar is taken over');
    }
  }
}
