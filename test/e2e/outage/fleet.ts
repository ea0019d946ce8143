import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSimulatedActuator, Fleet } from '@auspex/actuators';
import type { Order, Receipt, TargetState } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { unitsFor } from '@auspex/policies';
import { SharedClock } from '../paced/clock.ts';
import { endWithParent } from '../paced/life.ts';
import { AUTOSCALER, counts, HISTORY, MINUTE, POOL, T0 } from './trace.ts';

/*
 * A process with a fleet and an autoscaler of its own, which takes floors over HTTP. Beside it two fleets that see the same demand: one
 * that gets no orders, and one whose floors somebody takes away by hand two cycles after the last order.
 */

/** One step of the record, as it began: units. */
export interface Tick {
  readonly step: number;
  /** Units needed, and those ready with Auspex and without. */
  readonly demand: number;
  readonly supply: number;
  readonly alone: number;
  /** What is ordered, what the floor is (without one, the same), and what would be ordered had the floor been taken away by hand. */
  readonly ordered: number;
  readonly floor: number;
  readonly byHand: number;
}

/** An order as it came in, and when. */
export interface Taken {
  readonly order: Order;
  readonly receipt: Receipt;
  readonly at: number;
}

/** Use of a unit up to which it serves well, as in a replay. */
const GOAL = 0.85;
const LEAD_MS = 5 * MINUTE;
const TWO_CYCLES = 2 * MINUTE;

const clock = new SharedClock(process.argv[2] as string);
const rate = (step: number): number => (counts[step] as number) / 60;
const begin = (): Fleet => {
  const initial = unitsFor(rate(HISTORY - 1), { unitRate: POOL.unitRate, target: AUTOSCALER.target });
  const fleet = new Fleet({ initial, delay: LEAD_MS, autoscaler: AUTOSCALER }, new SeededRandom('fleet'));
  fleet.advance(T0 + HISTORY * MINUTE);
  return fleet;
};
const [fleet, alone, byHand] = [begin(), begin(), begin()];
const actuator = createSimulatedActuator(new Map([[POOL.id, fleet]]), clock);
const ticks: Tick[] = [];
const orders: Taken[] = [];
/** What was told of the fleet. */
const reads: TargetState[] = [];
let next = HISTORY;
let goneAt = Number.POSITIVE_INFINITY;

function takeAway(now: number): void {
  if (goneAt > now) return;
  byHand.order(goneAt, 0);
  goneAt = Number.POSITIVE_INFINITY;
}

/** Lets pass what has passed. Nobody has to tick: what happens when is the fleets' own. */
function advance(now: number): void {
  for (let step = T0 + next * MINUTE; step <= now && next < counts.length; step = T0 + ++next * MINUTE) {
    takeAway(step);
    for (const each of [fleet, alone, byHand]) each.demand(step, rate(next - 1) / POOL.unitRate);
    const demand = unitsFor(rate(next), { unitRate: POOL.unitRate, target: GOAL });
    const [supply, without] = [fleet.ready(step), alone.ready(step)];
    ticks.push({ step, demand, supply, alone: without, ordered: fleet.ordered, floor: fleet.held, byHand: byHand.ordered });
  }
  takeAway(now);
}

async function take(order: Order): Promise<Receipt> {
  const now = clock.now();
  advance(now);
  const receipt = await actuator.actuate(order, new AbortController().signal);
  orders.push({ order, receipt, at: now });
  if (receipt.status === 'applied') {
    goneAt = order.step + TWO_CYCLES;
    byHand.order(now, goneAt > now ? order.units : 0);
  }
  return receipt;
}

async function answer(request: IncomingMessage): Promise<unknown> {
  if (request.method === 'POST') {
    let body = '';
    for await (const chunk of request) body += chunk;
    return take(JSON.parse(body) as Order);
  }
  advance(clock.now());
  if (request.url === '/record') return { ticks, orders, reads };
  if (request.url === '/last') return orders.at(-1) ?? null;
  const read = await actuator.read(POOL.id, new AbortController().signal);
  reads.push(read);
  return read;
}

endWithParent();
const server = createServer((request, response) => {
  answer(request).then(
    (said) => response.end(JSON.stringify(said)),
    (error: Error) => response.writeHead(500).end(error.message),
  );
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`));
