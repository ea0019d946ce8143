import { type Actuator, deepFreeze, type Order, type Receipt, type TargetState } from '@auspex/contracts';
import { withTimeLimit } from '../defaults/time-limit.ts';
import type { Failures } from './failures.ts';

/** All that this stage is handed of an actuator. */
export type Target = Pick<Actuator, 'actuate' | 'read'>;

/** Carries orders out, checks their bounds once more, and turns every failure into a refused receipt. */
export class ActuateStage {
  readonly #targets: ReadonlyMap<string, { readonly name: string; readonly target: Target }>;
  readonly #failures: Failures;
  readonly #limitMs: number;

  /** @param targets by pool */
  constructor(targets: ReadonlyMap<string, { readonly name: string; readonly target: Target }>, failures: Failures, limitMs: number) {
    this.#targets = targets;
    this.#failures = failures;
    this.#limitMs = limitMs;
  }

  async actuate(order: Order, signal: AbortSignal): Promise<Receipt> {
    const slot = this.#targets.get(order.pool) as { readonly name: string; readonly target: Target };
    if (order.units < order.min || order.units > order.max || !Number.isInteger(order.units)) {
      return {
        key: order.key,
        pool: order.pool,
        status: 'refused',
        units: 0,
        ready: 0,
        detail: `${order.units} is outside ${order.min}..${order.max}`,
      };
    }
    try {
      const answer = Promise.resolve(slot.target.actuate(deepFreeze(order), signal));
      const receipt = await withTimeLimit(answer, this.#limitMs, `actuate(${slot.name})`);
      const wrong = wrongReceipt(receipt, order);
      if (wrong !== undefined) throw new Error(wrong);
      this.#failures.recovered('actuate', slot.name, order.pool);
      return receipt;
    } catch (error) {
      this.#failures.report('actuate', slot.name, order.pool, error, 'the order is repeated with the next decision');
      return { key: order.key, pool: order.pool, status: 'refused', units: 0, ready: 0, detail: (error as Error).message };
    }
  }

  /** What the target holds; undefined where it cannot be read. */
  async read(pool: string, signal: AbortSignal): Promise<TargetState | undefined> {
    const slot = this.#targets.get(pool) as { readonly name: string; readonly target: Target };
    try {
      const state = await withTimeLimit(Promise.resolve(slot.target.read(pool, signal)), this.#limitMs, `read(${slot.name})`);
      if (![state.units, state.ready].every((count) => Number.isInteger(count) && count >= 0)) {
        throw new Error(`reads ${state.units} units, ${state.ready} ready`);
      }
      this.#failures.recovered('actuate', slot.name, `reading ${pool}`);
      return state;
    } catch (error) {
      this.#failures.report('actuate', slot.name, `reading ${pool}`, error, 'the last order is taken as what it holds');
      return undefined;
    }
  }
}

const STATUS: ReadonlySet<string> = new Set<Receipt['status']>(['applied', 'duplicate', 'shadow', 'refused']);

/** What is wrong with a receipt, or undefined: the journal and the learnt lead time rest on it. */
function wrongReceipt(receipt: Receipt, order: Order): string | undefined {
  if (typeof receipt !== 'object' || receipt === null) return 'answered without a receipt';
  if (receipt.key !== order.key || receipt.pool !== order.pool) return `answered for ${receipt.key} where ${order.key} was ordered`;
  if (!STATUS.has(receipt.status)) return `answered with the status "${receipt.status}"`;
  const { leftUntil } = receipt;
  if (leftUntil !== undefined && !(receipt.status === 'refused' && Number.isFinite(leftUntil)))
    return `answered ${receipt.status}, and left alone until ${leftUntil}`;
  const whole = [receipt.units, receipt.ready].every((count) => Number.isInteger(count) && count >= 0);
  return whole ? undefined : `answered with ${receipt.units} units, ${receipt.ready} ready`;
}
