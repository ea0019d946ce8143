import type { Actuator, Order, PluginContext, Receipt, Restored, TargetState } from '@auspex/contracts';
import { ManualClock } from '../fakes/clock.ts';
import { broken, type Law, laws, must, notOffered } from '../law.ts';
import type { ActuatorSubject } from '../subject.ts';
import { deepFreeze } from '../tools.ts';
import { commonLaws } from './common.ts';

const STEP = Date.UTC(2026, 0, 5);
const never = new AbortController().signal;

/** An order for the subject's first pool. Each `n` is a later step. */
function order(subject: ActuatorSubject, n: number, units: number, given: Partial<Order> = {}): Order {
  const pool = poolsOf(subject)[0];
  const step = STEP + n * 60_000;
  const key = `${given.pool ?? pool}@${new Date(step).toISOString().replace('.000Z', 'Z')}`;
  return deepFreeze({ key, pool, pop: '*', units, min: 1, max: 20, epoch: 1, shadow: false, step, ...given });
}

function poolsOf(subject: ActuatorSubject): readonly [string, string] {
  return subject.pools ?? ['web', 'api'];
}

/** A copy: a fake may hand out what it goes on to change. */
const held = async (subject: ActuatorSubject, pool = poolsOf(subject)[0]): Promise<TargetState> => ({
  ...(await subject.target.state(pool)),
});
const text = ({ units, ready }: { units: number; ready: number }): string => `${units} units, ${ready} ready`;

/** A count that the target does not hold, inside 1 to 20. */
const otherThan = (units: number): number => (units > 10 ? units - 5 : units + 5);

/** A call that may refuse by rejecting; refusals come back as undefined. */
async function attempt(actuator: Actuator, given: Order, signal = never): Promise<Receipt | undefined> {
  try {
    return await actuator.actuate(given, signal);
  } catch {
    return undefined;
  }
}

const list: readonly Law<'actuator'>[] = [
  {
    name: 'an order brings the target to its units',
    why: 'units are whole machines or replicas: a target that counts otherwise (percent, millicores, added units) gets a wrong fleet',
    async check(subject, tools) {
      const actuator = tools.create();
      for (const [n, units] of [5, 3, 8].entries()) {
        await actuator.actuate(order(subject, n, units), never);
        const { units: got } = await held(subject);
        must(got === units, `ordered ${units} units, and the target holds ${got}`);
      }
    },
  },
  {
    name: 'what it reads back is the target',
    why: 'when somebody else changes the fleet, a plan made on the last order is wrong',
    async check(subject, tools) {
      const [one, other] = [tools.create(), tools.create()];
      await one.actuate(order(subject, 0, 4), never);
      await other.actuate(order(subject, 1, 7), never);
      const real = await held(subject);
      const read = await one.read(poolsOf(subject)[0], never);
      must(read.units === real.units, `reads ${read.units} units where the target holds ${real.units}: it tells its own last order`);
    },
  },
  {
    name: 'ready is what serves',
    why: 'lead times are learnt from it, and users are sent to units that it says are there',
    async check(subject, tools) {
      const actuator = tools.create();
      const [pool] = poolsOf(subject);
      await actuator.actuate(order(subject, 0, 4), never);
      await subject.target.settle(pool);
      const receipt = await actuator.actuate(order(subject, 1, 8), never);
      const starting = await held(subject);
      must(receipt.ready <= starting.ready, `the receipt says ${receipt.ready} ready while ${starting.ready} serve`);
      const early = await actuator.read(pool, never);
      must(early.ready <= starting.ready, `reads ${early.ready} ready while ${starting.ready} serve`);
      await subject.target.settle(pool);
      const settled = await held(subject);
      const late = await actuator.read(pool, never);
      must(late.ready === settled.ready, `reads ${late.ready} ready when ${settled.ready} serve`);
    },
  },
  {
    name: 'one key, one effect',
    why: 'an order is sent again after a crash or a lost answer: it must not add units twice, undo what came after it, or look like a change',
    async check(subject, tools) {
      const actuator = tools.create();
      const first = order(subject, 0, 4);
      await actuator.actuate(first, never);
      const once = await held(subject);
      const again = await attempt(actuator, first);
      const twice = await held(subject);
      must(twice.units === once.units, `the same order twice brought ${once.units} units to ${twice.units}`);
      must(again?.status !== 'applied', 'the same order twice is "applied" twice, not "duplicate"');
      // After a crash it is another instance that is told the same.
      await attempt(tools.create(), first);
      const restarted = await held(subject);
      must(restarted.units === once.units, `the same order to a new instance brought ${once.units} units to ${restarted.units}`);
      await actuator.actuate(order(subject, 1, 9), never);
      const later = await held(subject);
      await attempt(actuator, first);
      const back = await held(subject);
      must(back.units === later.units, `an order that came again undid a later one: ${later.units} units became ${back.units}`);
    },
  },
  {
    name: 'a shadow order changes nothing',
    why: 'a shadow run is started on the live fleet: it must be safe',
    async check(subject, tools) {
      const actuator = tools.create();
      const [before, changes] = [await held(subject), await subject.target.changes()];
      const receipt = await actuator.actuate(order(subject, 0, otherThan(before.units), { shadow: true }), never);
      const after = await held(subject);
      must(after.units === before.units, `a shadow order brought ${before.units} units to ${after.units}`);
      const sent = (await subject.target.changes()) - changes;
      must(sent === 0, `a shadow order sent ${sent} request(s) that change the target`);
      must(receipt.status === 'shadow', `the receipt of a shadow order is "${receipt.status}"`);
    },
  },
  {
    name: 'an order of an older epoch is refused',
    why: 'a leader that was paused and comes back must not undo what its successor did',
    async check(subject, tools) {
      const actuator = tools.create();
      await actuator.actuate(order(subject, 0, 6, { epoch: 3 }), never);
      const before = await held(subject);
      const receipt = await attempt(actuator, order(subject, 1, 2, { epoch: 2 }));
      const after = await held(subject);
      must(after.units === before.units, `an order of epoch 2 after one of epoch 3 brought ${before.units} units to ${after.units}`);
      must(receipt === undefined || receipt.status === 'refused', `its receipt is "${receipt?.status}", not "refused"`);
    },
  },
  {
    name: 'pools are kept apart',
    why: 'one actuator often serves several pools',
    async check(subject, tools) {
      const actuator = tools.create();
      const [pool, neighbour] = poolsOf(subject);
      const before = await held(subject, neighbour);
      const units = otherThan(before.units);
      await actuator.actuate(order(subject, 0, units), never);
      const after = await held(subject, neighbour);
      must(after.units === before.units, `an order for "${pool}" brought "${neighbour}" from ${before.units} units to ${after.units}`);
      // The same step and units for the neighbour: another pool is another key.
      await actuator.actuate(order(subject, 0, units, { pool: neighbour }), never);
      // Told the same, both hold the same: whether that is the right number is another law's business.
      const reached = (await held(subject, neighbour)).units === (await held(subject, pool)).units;
      must(reached, `an order for "${neighbour}" did not reach it: was its key taken for that of "${pool}"?`);
    },
  },
  {
    name: 'a receipt tells the truth of its order',
    why: 'the journal and `auspex explain` are written from it',
    async check(subject, tools) {
      const given = order(subject, 0, 5);
      const receipt = await tools.create().actuate(given, never);
      must(receipt.key === given.key, `the receipt's key is "${receipt.key}", the order's "${given.key}"`);
      must(receipt.pool === given.pool, `the receipt's pool is "${receipt.pool}", the order's "${given.pool}"`);
      const whole = [receipt.units, receipt.ready].every((count) => Number.isInteger(count) && count >= 0);
      must(whole, `the receipt says ${text(receipt)}: no whole counts`);
      const { units } = await held(subject);
      must(receipt.units === units, `the receipt says ${receipt.units} units where the target holds ${units}`);
    },
  },
  {
    name: 'a target that fails is no success',
    why: 'a refused order that looks applied is a fleet that everybody believes in and nobody has',
    unless: (subject) => (subject.target.fail ? undefined : notOffered('the fake target cannot be made to fail')),
    async check(subject, tools) {
      const actuator = tools.create();
      const [pool] = poolsOf(subject);
      await actuator.actuate(order(subject, 0, 6), never);
      const six = await held(subject);
      await actuator.actuate(order(subject, 1, 3), never);
      await subject.target.fail?.(true);
      const receipt = await attempt(actuator, order(subject, 2, 6));
      must(receipt?.status !== 'applied', 'the target failed, and the receipt says "applied"');
      const read = await actuator.read(pool, never).catch(() => undefined);
      must(read === undefined, () => `the target fails, and reading it gives ${text(read as TargetState)}: it must reject`);
      await subject.target.fail?.(false);
      const again = await attempt(actuator, order(subject, 2, 6));
      const reached = (await held(subject)).units === six.units;
      must(reached, `the same order after the failure is "${again?.status ?? 'rejected'}" and does not reach the target`);
    },
  },
  {
    name: 'a floor that is not renewed lapses',
    why: 'when Auspex is dead its last floor must not hold a fleet up, or down, for ever',
    unless: (subject) => {
      const { lease } = subject.plugin.capabilities;
      if (lease !== 'target') return `it declares lease: ${lease}`;
      return subject.target.reach ? undefined : notOffered("the fake target's time cannot be moved");
    },
    async check(subject, tools) {
      const actuator = tools.create();
      const reach = async (minutes: number): Promise<TargetState> => {
        await subject.target.reach?.(STEP + minutes * 60_000);
        return held(subject);
      };
      const before = await held(subject);
      const units = otherThan(before.units);
      const until = (minutes: number): Partial<Order> => ({ expires: STEP + minutes * 60_000 });
      await actuator.actuate(order(subject, 0, units, until(3)), never);
      const early = await reach(1);
      must(early.units === units, `a floor of ${units} units for 3 minutes is ${early.units} after one`);
      await actuator.actuate(order(subject, 1, units, until(5)), never);
      const renewed = await reach(4);
      must(renewed.units === units, `a floor of ${units} units that was renewed in time lapsed to ${renewed.units}`);
      // Nobody is left to bring the original back.
      await tools.close(actuator);
      const after = await reach(6);
      must(
        after.units === before.units,
        `a floor of ${units} units has expired, and the target holds ${after.units}, not the ${before.units} of before`,
      );
    },
  },
  {
    name: 'a keeper brings the original back',
    why: 'when Auspex is dead the lease keeper, which was never told an order, is all that stands between its last floor and for ever',
    unless: (subject) => {
      const { lease } = subject.plugin.capabilities;
      return lease === 'keeper' ? undefined : `it declares lease: ${lease}`;
    },
    async check(subject, tools) {
      const at = (minutes: number): Partial<PluginContext> => ({ clock: new ManualClock(STEP + minutes * 60_000) });
      const [pool] = poolsOf(subject);
      const restore = async (minutes: number): Promise<Restored | undefined> => {
        const keeper = tools.create(at(minutes));
        if (!keeper.restore) broken('it declares lease: keeper and has no `restore`');
        const restored = await keeper.restore(pool, never);
        await tools.close(keeper);
        return restored;
      };
      const before = await held(subject);
      must((await restore(0)) === undefined, 'nothing was ordered, and the keeper brought something back');
      const units = before.units + 3;
      const engine = tools.create(at(0));
      await engine.actuate(order(subject, 0, units, { expires: STEP + 3 * 60_000 }), never);
      const early = await restore(2);
      const there = await held(subject);
      must(early === undefined && there.units === units, `a floor of ${units} units that still holds was brought to ${there.units}`);
      // Nobody renews it: the keeper is another process, some time later.
      await tools.close(engine);
      const restored = await restore(6);
      const after = await held(subject);
      const back = restored?.units === before.units && after.units === before.units;
      must(back, `a floor of ${units} units has expired, and the target holds ${after.units}, not the ${before.units} of before`);
      const again = await restore(7);
      must(again === undefined, 'what was brought back is brought back again');
    },
  },
  {
    name: 'it stops when it is told to',
    why: 'the engine waits for what is under way before it ends, and a deploy waits for the engine',
    async check(subject, tools) {
      const aborted = AbortSignal.abort(new Error('stopped'));
      const before = await held(subject);
      await attempt(tools.create(), order(subject, 0, otherThan(before.units)), aborted);
      const after = await held(subject);
      if (after.units !== before.units) broken(`an order with an aborted signal brought ${before.units} units to ${after.units}`);
    },
  },
];

/** What every actuator does. */
export const actuatorLaws = laws('actuator', [
  ...commonLaws<'actuator'>(async (actuator: Actuator, subject: ActuatorSubject) => {
    await actuator.actuate(order(subject, 0, 3), never);
    await actuator.read(poolsOf(subject)[0], never);
  }),
  ...list,
]);
