import { AuspexError, type Order, type Receipt, type TargetState } from '@auspex/contracts';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  OrderSchema,
  ReceiptSchema,
  Order as WireOrder,
  Receipt as WireReceipt,
  TargetState as WireTargetState,
} from '../gen/auspex/v1/auspex_pb.ts';
import { toInt } from './numbers.ts';

export function toOrder(order: Order): MessageInitShape<typeof OrderSchema> {
  const { units, min, max, epoch, step, expires, ...same } = order;
  return {
    ...same,
    units: toInt(units),
    min: toInt(min),
    max: toInt(max),
    epoch: toInt(epoch),
    step: toInt(step),
    ...(expires === undefined ? {} : { expires: toInt(expires) }),
  };
}

export function fromOrder(order: WireOrder): Order {
  const { key, pool, pop, shadow } = order;
  return {
    key,
    pool,
    pop,
    units: Number(order.units),
    min: Number(order.min),
    max: Number(order.max),
    epoch: Number(order.epoch),
    shadow,
    step: Number(order.step),
    ...(order.expires === undefined ? {} : { expires: Number(order.expires) }),
  };
}

export function toReceipt({ leftUntil, ...same }: Receipt): MessageInitShape<typeof ReceiptSchema> {
  return { ...same, ...(leftUntil !== undefined && { leftUntil: toInt(leftUntil) }) };
}

const STATUSES: readonly string[] = ['applied', 'duplicate', 'shadow', 'refused'] satisfies Receipt['status'][];

/** @throws AuspexError `PLUGIN_FAILED` for a receipt that is none of this order */
export function fromReceipt({ key, pool, status, units, ready, detail, leftUntil }: WireReceipt, order: Order, who: string): Receipt {
  if (!STATUSES.includes(status)) throw nonsense(who, `a receipt with status "${status}"`);
  if (key !== order.key || pool !== order.pool) throw nonsense(who, `the receipt of ${key} (${pool}) to the order ${order.key}`);
  checkUnits(units, ready, who);
  return {
    ...{ key, pool, status: status as Receipt['status'], units, ready },
    ...(detail !== '' && { detail }),
    ...(leftUntil !== undefined && { leftUntil: Number(leftUntil) }),
  };
}

/** @throws AuspexError `PLUGIN_FAILED` for units that cannot be */
export function fromTargetState({ units, ready }: WireTargetState, who: string): TargetState {
  checkUnits(units, ready, who);
  return { units, ready };
}

function checkUnits(units: number, ready: number, who: string): void {
  if (units >= 0 && ready >= 0 && Number.isFinite(units + ready)) return;
  throw nonsense(who, `${units} units of which ${ready} are ready`);
}

/** What a plugin answered is no answer. */
export function nonsense(who: string, what: string): AuspexError {
  return new AuspexError('PLUGIN_FAILED', `answered with ${what}`, { path: who, remedy: 'Make it answer as auspex.proto says.' });
}
