import type { Actuator, Order, Plugin, Receipt, Restored, TargetState } from '@auspex/contracts';

/** One actuator of a route, with its parsed options. */
export interface Part {
  readonly plugin: Plugin<'actuator'>;
  readonly options: unknown;
  readonly path: string;
}

interface Running extends Part {
  readonly actuator: Actuator;
}

export interface RunningRoute {
  readonly fits: (pool: string) => boolean;
  readonly parts: readonly Running[];
}

/** What is said of a receipt when several parts have answered: the worst of them, in this order. */
const WORST = ['refused', 'applied', 'duplicate', 'shadow'] as const satisfies readonly Receipt['status'][];

/** Sends orders along routes. A part that fails fails its pool's receipt, after the other parts have had the order. */
export class RoutedActuator implements Actuator {
  readonly #routes: readonly RunningRoute[];

  constructor(routes: readonly RunningRoute[]) {
    this.#routes = routes;
  }

  async actuate(order: Order, signal: AbortSignal): Promise<Receipt> {
    const parts = this.#partsOf(order.pool);
    const receipts = await this.#all(parts, ({ actuator }) => actuator.actuate(order, signal));
    const status = WORST.find((worst) => receipts.some(({ answer }) => answer.status === worst)) ?? 'refused';
    const details = receipts.flatMap(({ part, answer }) => (answer.detail === undefined ? [] : [`${part.plugin.id}: ${answer.detail}`]));
    const { units, ready } = least(receipts.map(({ answer }) => answer));
    const leftUntil = leftOf(receipts.map(({ answer }) => answer));
    return {
      ...{ key: order.key, pool: order.pool, status, units, ready },
      ...(details.length > 0 && { detail: details.join('; ') }),
      ...(leftUntil !== undefined && { leftUntil }),
    };
  }

  async read(pool: string, signal: AbortSignal): Promise<TargetState> {
    return least((await this.#all(this.#partsOf(pool), ({ actuator }) => actuator.read(pool, signal))).map(({ answer }) => answer));
  }

  async restore(pool: string, signal: AbortSignal): Promise<Restored | undefined> {
    const kept = this.#partsOf(pool).filter(({ actuator }) => actuator.restore);
    const restored = await this.#all(kept, async ({ actuator }) => actuator.restore?.(pool, signal));
    const all = restored.flatMap(({ answer }) => (answer ? [answer] : []));
    if (all.length === 0) return undefined;
    return {
      pool,
      from: Math.min(...all.map(({ from }) => from)),
      units: Math.min(...all.map(({ units }) => units)),
      expired: Math.min(...all.map(({ expired }) => expired)),
    };
  }

  async close(): Promise<void> {
    const parts = this.#routes.flatMap(({ parts: of }) => of);
    const ends = await Promise.allSettled(parts.map(async ({ actuator }) => actuator.close?.()));
    const failed = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    if (failed.length > 0) throw new AggregateError(failed, failed.map((error: Error) => error.message).join('; '));
  }

  #partsOf(pool: string): readonly Running[] {
    const route = this.#routes.find(({ fits }) => fits(pool));
    if (!route) throw new Error(`no route leads to pool "${pool}": add one, or a route for ['*']`);
    return route.parts;
  }

  /** Every part does its own, at once. @throws when all are done, naming each that failed */
  async #all<T>(parts: readonly Running[], act: (part: Running) => Promise<T>): Promise<{ part: Running; answer: T }[]> {
    const ends = await Promise.allSettled(parts.map(act));
    const failed = ends.flatMap((end, index) =>
      end.status === 'rejected' ? [`${parts[index]?.plugin.id}: ${end.reason instanceof Error ? end.reason.message : end.reason}`] : [],
    );
    if (failed.length > 0) throw new Error(failed.join('; '));
    return ends.map((end, index) => ({ part: parts[index] as Running, answer: (end as PromiseFulfilledResult<T>).value }));
  }
}

/** The whole is somebody else's only where each part that refuses is: one that refuses for another reason is broken. */
function leftOf(receipts: readonly Receipt[]): number | undefined {
  const until = receipts.filter(({ status }) => status === 'refused').map(({ leftUntil }) => leftUntil);
  const known = until.filter((each) => each !== undefined);
  return known.length > 0 && known.length === until.length ? Math.min(...known) : undefined;
}

/** A unit counts where every part has it. */
function least(states: readonly TargetState[]): TargetState {
  return { units: Math.min(...states.map(({ units }) => units)), ready: Math.min(...states.map(({ ready }) => ready)) };
}
