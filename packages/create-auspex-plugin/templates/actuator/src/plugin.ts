import { type Actuator, defineActuator, duration, type Order, type Receipt, type TargetState } from '@auspex/contracts';
import { z } from 'zod';

const options = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('Where the target listens: pools are under URL/pools/ID.'),
  tokenEnv: z.string().min(1).optional().describe('Environment variable that holds the bearer token. Absent = no token is sent.'),
  timeLimit: duration().prefault('5s').describe('Longest wait for an answer. Default 5s.'),
});

/** Keys that are kept, so that a repeated order is known again. An order is repeated soon or never. */
const MOST_KEYS = 1_000;

/** The target's answer: whole units. Another answer than this is an error, and no guess. */
const stateOf = z.object({ units: z.int().nonnegative(), ready: z.int().nonnegative() });

/** Orders and reads units over HTTP. */
class HttpActuator implements Actuator {
  readonly #options: z.output<typeof options>;
  readonly #keys = new Set<string>();
  #epoch = 0;

  constructor(given: z.output<typeof options>) {
    this.#options = given;
  }

  async actuate(order: Order, signal: AbortSignal): Promise<Receipt> {
    // A shadow order MUST change nothing.
    if (order.shadow) return this.#receipt(order, 'shadow', signal);
    // A leader that was paused MUST NOT undo what its successor did.
    if (order.epoch < this.#epoch) return this.#receipt(order, 'refused', signal, `epoch ${order.epoch} is over: ${this.#epoch} is seen`);
    this.#epoch = order.epoch;
    // The same key MUST have one effect.
    if (this.#keys.has(order.key)) return this.#receipt(order, 'duplicate', signal);
    this.#remember(order.key);
    try {
      // The key and the epoch go with it: a target that knows them keeps its word over a restart of Auspex, too.
      const headers = { 'idempotency-key': order.key, 'x-auspex-epoch': String(order.epoch) };
      const response = await this.#fetch('PUT', order.pool, signal, { units: order.units }, headers);
      // The target says no: a receipt, since asking again would not help. All else that is no success is thrown.
      if (response.status === 409 || response.status === 422) {
        return await this.#receipt(order, 'refused', signal, (await response.text()).slice(0, 200));
      }
      return { key: order.key, pool: order.pool, status: 'applied', ...(await read(response)) };
    } catch (error) {
      // It may or may not have arrived: the same order has to get through when it is sent again.
      this.#keys.delete(order.key);
      throw error;
    }
  }

  /** Reports the target, never the last order. */
  async read(pool: string, signal: AbortSignal): Promise<TargetState> {
    return read(await this.#fetch('GET', pool, signal));
  }

  async #receipt({ key, pool }: Order, status: Receipt['status'], signal: AbortSignal, detail?: string): Promise<Receipt> {
    return { key, pool, status, ...(await this.read(pool, signal)), ...(detail === undefined ? {} : { detail }) };
  }

  #remember(key: string): void {
    this.#keys.add(key);
    const [oldest] = this.#keys;
    if (this.#keys.size > MOST_KEYS && oldest !== undefined) this.#keys.delete(oldest);
  }

  #fetch(method: string, pool: string, signal: AbortSignal, body?: object, headers: Record<string, string> = {}): Promise<Response> {
    const { url, tokenEnv, timeLimit } = this.#options;
    // Read with each call: a token that was renewed serves without a restart.
    const token = tokenEnv === undefined ? undefined : process.env[tokenEnv];
    return fetch(`${url.replace(/\/$/, '')}/pools/${encodeURIComponent(pool)}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // The engine's signal ends it when the engine stops, ours when the target hangs.
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeLimit)]),
    });
  }
}

async function read(response: Response): Promise<TargetState> {
  const text = await response.text();
  if (!response.ok) throw new Error(`the target answers ${response.status}: ${text.slice(0, 200)}`);
  return stateOf.parse(JSON.parse(text));
}

/** The actuator `__ID__`. */
export const __VALUE__ = defineActuator({
  id: '__ID__',
  summary: 'Orders units over HTTP.',
  config: options,
  // Who brings the original back when Auspex is silent: 'target' where its orders end by themselves at `order.expires`. With 'none' a live
  // engine refuses pools with `control: floor`.
  capabilities: { lease: 'none' },
  // No connection is made here: that is for `actuate` and `read`.
  create: (given) => new HttpActuator(given),
});
