import type { Order } from '@auspex/contracts';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { OrderSchema } from '../src/gen/auspex/v1/auspex_pb.ts';
import { fromOrder, toOrder } from '../src/wire/actuator.ts';

const order: Order = { key: 'web@5', pool: 'web', pop: 'all', units: 5, min: 0, max: 10, epoch: 1, shadow: false, step: 1_767_571_200_000 };
const carried = (given: Order): Order => fromOrder(fromBinary(OrderSchema, toBinary(OrderSchema, create(OrderSchema, toOrder(given)))));

it('carries the end of a floor, and no end where there is none', () => {
  expect(carried(order)).toEqual(order);
  expect(carried({ ...order, expires: order.step + 120_000 })).toEqual({ ...order, expires: order.step + 120_000 });
});
