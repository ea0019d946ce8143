import type { Order, Receipt } from '@auspex/contracts';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { OrderSchema, ReceiptSchema } from '../src/gen/auspex/v1/auspex_pb.ts';
import { fromOrder, fromReceipt, toOrder, toReceipt } from '../src/wire/actuator.ts';

const order: Order = { key: 'web@5', pool: 'web', pop: 'all', units: 5, min: 0, max: 10, epoch: 1, shadow: false, step: 1_767_571_200_000 };
const carried = (given: Order): Order => fromOrder(fromBinary(OrderSchema, toBinary(OrderSchema, create(OrderSchema, toOrder(given)))));

it('carries the end of a floor, and no end where there is none', () => {
  expect(carried(order)).toEqual(order);
  expect(carried({ ...order, expires: order.step + 120_000 })).toEqual({ ...order, expires: order.step + 120_000 });
});

it('carries in a receipt until when somebody else has the target, and nothing where nobody has', () => {
  const receipt: Receipt = { key: 'web@5', pool: 'web', status: 'refused', units: 4, ready: 4, detail: 'somebody else set 4' };
  const back = (given: Receipt): Receipt =>
    fromReceipt(fromBinary(ReceiptSchema, toBinary(ReceiptSchema, create(ReceiptSchema, toReceipt(given)))), order, 'test');
  expect(back(receipt)).toEqual(receipt);
  expect(back({ ...receipt, leftUntil: order.step + 3_600_000 })).toEqual({ ...receipt, leftUntil: order.step + 3_600_000 });
});
