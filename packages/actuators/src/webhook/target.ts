import { type Mark, Refused, type Scaling, type Status, type Target } from '../target/index.ts';
import type { Message, WebhookClient } from './client.ts';

export interface WebhookStatus extends Status {
  readonly leases: boolean;
}

/**
 * A receiver that holds units. It keeps the mark as well, with the same request and as it comes: what another instance reads there is what was
 * set, in one piece.
 */
export class WebhookTarget implements Target<WebhookStatus> {
  readonly #client: WebhookClient;

  constructor(client: WebhookClient) {
    this.#client = client;
  }

  async status(pool: string, signal: AbortSignal): Promise<WebhookStatus> {
    const { units, ready, leases = false, most, least, detail, mark } = await this.#client.read(pool, signal);
    return {
      units,
      ready,
      leases,
      ...(most === undefined ? {} : { most }),
      ...(least === undefined ? {} : { least }),
      ...(detail === undefined ? {} : { detail }),
      ...(mark ? { mark: mark as Mark } : {}),
    };
  }

  async scale(pool: string, scaling: Scaling & { readonly status: WebhookStatus }, signal: AbortSignal): Promise<void> {
    const message = messageOf(pool, scaling);
    // Before it is sent: what a receiver raises without an end would stay.
    if (message.expires !== undefined && !scaling.status.leases) {
      throw new Refused('the receiver does not say that it keeps to leases (leases: true): a floor would stay for ever');
    }
    const { epoch, expires } = await this.#client.order(message, signal);
    if (message.expires !== undefined && Date.parse(expires ?? '') !== Date.parse(message.expires)) {
      throw new Refused(
        `the receiver does not confirm the lease: it was to hold until ${message.expires}, and the answer says ${expires ?? 'nothing'}`,
      );
    }
    if (epoch !== message.epoch) {
      throw new Refused(`the receiver does not confirm the epoch: it was ${message.epoch}, and the answer says ${epoch ?? 'nothing'}`);
    }
  }

  async close(): Promise<void> {
    await this.#client.close?.();
  }
}

function messageOf(pool: string, { units, mark, status, order }: Scaling): Message {
  const epoch = mark?.epoch ?? status.mark?.epoch ?? 0;
  return {
    key: order?.key ?? `${pool}@restore-${status.mark?.step ?? 0}`,
    pool,
    ...(order && { pop: order.pop }),
    units,
    ...(order && { min: order.min, max: order.max }),
    epoch,
    ...(order && { step: iso(order.step) }),
    ...(mark?.expires !== undefined && { expires: iso(mark.expires), original: mark.original }),
    mark: mark ?? null,
  };
}

const iso = (at: number): string => new Date(at).toISOString();
