import { Conflict, Unavailable } from '../../src/target/index.ts';
import type { Confirmation, Message, State, WebhookClient } from '../../src/webhook/client.ts';
import { type WebhookOptions, webhook } from '../../src/webhook/index.ts';
import { createWebhookActuator } from '../../src/webhook/plugin.ts';
import type { ActuatorCase } from './case.ts';

interface Held {
  units: number;
  ready: number;
  epoch: number;
  step: string;
  mark: object | null;
  expires?: string | undefined;
  original?: number | undefined;
}

/** A receiver in memory, as the page asks for, with a time of its own. */
export class FakeReceiver implements WebhookClient {
  readonly pools = new Map<string, Held>();
  readonly written: { pool: string; units: number }[] = [];
  readonly messages: Message[] = [];
  now = Date.UTC(2026, 0, 5);
  changes = 0;
  failing = false;
  leases: boolean | undefined = true;
  /** Laid over each state that is read. */
  more: Partial<State> = {};
  /** Makes of a confirmation what is answered. */
  confirm = (right: Confirmation): Confirmation => right;

  held(pool: string): Held {
    const held = this.pools.get(pool) ?? { units: 2, ready: 2, epoch: 0, step: '', mark: null };
    this.pools.set(pool, held);
    if (held.expires !== undefined && Date.parse(held.expires) <= this.now) {
      this.set(pool, held.original as number);
      held.expires = undefined;
    }
    return held;
  }

  set(pool: string, units: number): void {
    const held = this.pools.get(pool) as Held;
    Object.assign(held, { units, ready: Math.min(held.ready, units) });
  }

  async read(pool: string, signal?: AbortSignal): Promise<State> {
    signal?.throwIfAborted();
    if (this.failing) throw new Unavailable('HTTP 503');
    const { units, ready, mark } = this.held(pool);
    return { units, ready, leases: this.leases, mark: mark as State['mark'], ...this.more };
  }

  async order(message: Message, signal?: AbortSignal): Promise<Confirmation> {
    signal?.throwIfAborted();
    this.changes++;
    this.messages.push(message);
    if (this.failing) throw new Unavailable('HTTP 503');
    const { pool, units, epoch, step, expires, original, mark } = message;
    const held = this.held(pool);
    if (epoch < held.epoch) throw new Conflict(`epoch ${epoch} is older than ${held.epoch}`);
    if (step === undefined || step > held.step) {
      this.set(pool, units);
      this.written.push({ pool, units });
      Object.assign(held, { epoch, step: step ?? held.step, expires, original, mark });
    }
    return this.confirm({ epoch: held.epoch, expires: held.expires });
  }
}

export interface WebhookCase extends ActuatorCase {
  readonly fake: FakeReceiver;
}

export function makeWebhookCase(): WebhookCase {
  const fake = new FakeReceiver();
  return {
    fake,
    plugin: { ...webhook, create: (options, context) => createWebhookActuator(options as WebhookOptions, context, fake) },
    with: { url: 'https://scaler.test/auspex', secretEnv: 'AUSPEX_WEBHOOK_SECRET', patience: '1s' },
    written: fake.written,
    target: {
      state: (pool) => ({ units: fake.held(pool).units, ready: fake.held(pool).ready }),
      settle: (pool) => {
        fake.held(pool).ready = fake.held(pool).units;
      },
      changes: () => fake.changes,
      fail: (on) => {
        fake.failing = on;
      },
      reach: (at) => {
        fake.now = Math.max(fake.now, at);
      },
    },
  };
}
