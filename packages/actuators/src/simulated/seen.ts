import type { Order } from '@auspex/contracts';

/** Keys remembered. At a decision a minute for a hundred pools this is more than an hour, far beyond any repeated order. */
const KEYS = 10_000;

/** What an actuator remembers of orders: keys, so that one order has one effect, and the highest epoch. */
export class SeenOrders {
  readonly #keys = new Set<string>();
  #epoch = Number.NEGATIVE_INFINITY;

  /** Why an order must not be carried out; undefined = it may. Remembers its epoch, not yet its key. */
  objection(order: Order): string | undefined {
    if (order.epoch < this.#epoch) return `epoch ${order.epoch} is older than ${this.#epoch}: another instance leads`;
    this.#epoch = order.epoch;
    if (Number.isInteger(order.units) && order.units >= order.min && order.units <= order.max) return undefined;
    return `${order.units} units are outside ${order.min}..${order.max}`;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Remembers a key and forgets the oldest beyond the limit. */
  add(key: string): void {
    this.#keys.add(key);
    if (this.#keys.size <= KEYS) return;
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      break;
    }
  }
}
