import { Published } from './published.ts';

/** Something that listens, and what it serves. */
export interface Endpoint {
  readonly published: Published;
  /** Where it listens: `host:port`. */
  readonly address: string;
}

interface Listening {
  readonly endpoint: Promise<Endpoint & { close(): Promise<void> }>;
  uses: number;
}

/**
 * Servers of this process, one an address: every pool has an actuator of its own, and all of them are asked at one place.
 *
 * @template O what a server is started with
 */
export class Endpoints<O> {
  readonly #start: (options: O, published: Published) => Promise<{ address: string; close(): Promise<void> }>;
  readonly #listening = new Map<string, Listening>();

  constructor(start: (options: O, published: Published) => Promise<{ address: string; close(): Promise<void> }>) {
    this.#start = start;
  }

  /** Starts what listens there, or joins it. Whoever has joined leaves once. @throws what the start throws; the next one tries again */
  async join(key: string, options: O): Promise<{ readonly endpoint: Endpoint; leave(): Promise<void> }> {
    let listening = this.#listening.get(key);
    if (!listening) {
      listening = { endpoint: this.#begin(options), uses: 0 };
      this.#listening.set(key, listening);
    }
    const mine = listening;
    mine.uses++;
    const leave = async (): Promise<void> => {
      if (--mine.uses > 0) return;
      if (this.#listening.get(key) === mine) this.#listening.delete(key);
      await (await mine.endpoint).close();
    };
    try {
      return { endpoint: await mine.endpoint, leave };
    } catch (error) {
      if (this.#listening.get(key) === mine) this.#listening.delete(key);
      throw error;
    }
  }

  async #begin(options: O): Promise<Endpoint & { close(): Promise<void> }> {
    const published = new Published();
    return { published, ...(await this.#start(options, published)) };
  }
}
