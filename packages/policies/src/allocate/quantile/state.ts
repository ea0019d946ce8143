import { AuspexError } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import { decodeReactive, encodeReactive, type ReactiveState } from '../reactive/state.ts';

/** Units that were in force from a step on, oldest first. */
export type Orders = readonly { readonly step: number; readonly units: number }[];

/** What is remembered: the orders of the last lead time by pool, and the reactive floor's own state. */
export interface QuantileState {
  readonly orders: Map<string, Orders>;
  readonly reactive: ReactiveState;
}

export function encodeQuantile({ orders, reactive }: QuantileState): Uint8Array {
  return pack({
    orders: [...orders].map(([pool, list]) => [pool, list.map(({ step, units }) => [step, units])]),
    reactive: encodeReactive(reactive),
  });
}

/** @throws AuspexError `STATE_UNREADABLE` on bytes that `encodeQuantile` did not make */
export function decodeQuantile(bytes: Uint8Array): QuantileState {
  try {
    const { orders, reactive } = unpack<{ orders: [string, [number, number][]][]; reactive: Uint8Array }>(bytes);
    const whole = (value: number): number => {
      if (!Number.isFinite(value)) throw new TypeError(`${String(value)} is no number`);
      return value;
    };
    const lists = orders.map(([pool, list]) => [pool, list.map(([step, units]) => ({ step: whole(step), units: whole(units) }))] as const);
    return { orders: new Map(lists), reactive: decodeReactive(reactive) };
  } catch (cause) {
    throw new AuspexError('STATE_UNREADABLE', 'the state of the allocator is not what it wrote', { cause });
  }
}
