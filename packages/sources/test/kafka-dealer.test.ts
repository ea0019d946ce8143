import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dealer, type Dealing } from '../src/kafka/dealer.ts';

interface Held {
  readonly partition: number;
  readonly nth: number;
}

/** What the dealer did, and holds that a test opens: `take` of a partition in `locked` waits until it is unlocked or aborted. */
class Recorder implements Dealing<Held> {
  readonly log: string[] = [];
  readonly #locked = new Map<number, { promise: Promise<void>; open: () => void }>();
  #taken = 0;

  lock(partition: number): void {
    this.#locked.set(partition, withOpener());
  }

  unlock(partition: number): void {
    this.#locked.get(partition)?.open();
    this.#locked.delete(partition);
  }

  async take(partition: number, signal: AbortSignal): Promise<Held> {
    this.log.push(`take ${partition}`);
    const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    aborted.catch(() => undefined);
    await Promise.race([this.#locked.get(partition)?.promise, aborted]);
    return { partition, nth: this.#taken++ };
  }

  async give(partition: number): Promise<void> {
    this.log.push(`give ${partition}`);
  }

  async ready(partition: number): Promise<void> {
    this.log.push(`ready ${partition}`);
  }
}

function withOpener(): { promise: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

function setup(over: Partial<Dealing<Held>> = {}): { dealer: Dealer<Held>; does: Recorder; errors: unknown[] } {
  const does = new Recorder();
  const errors: unknown[] = [];
  const dealing: Dealing<Held> = {
    take: (...given) => (over.take ?? does.take.bind(does))(...given),
    give: (...given) => (over.give ?? does.give.bind(does))(...given),
    ready: (...given) => (over.ready ?? does.ready.bind(does))(...given),
  };
  return { dealer: new Dealer(dealing, (error) => errors.push(error)), does, errors };
}

const held = (dealer: Dealer<Held>): number[] => [...dealer.held.keys()].sort((a, b) => a - b);

describe('what the broker deals comes about', () => {
  test('a partition is taken, made ready, and given when it is dealt away', async () => {
    const { dealer, does, errors } = setup();
    await dealer.deal([1, 2]);
    expect(held(dealer)).toEqual([1, 2]);
    await dealer.deal([2]);
    expect(does.log).toEqual(['take 1', 'take 2', 'ready 1', 'ready 2', 'ready 2', 'give 1']);
    expect(errors).toEqual([]);
  });

  test('one that stays ours is made ready in each deal, and taken once', async () => {
    const { dealer, does } = setup();
    await dealer.deal([1]);
    const first = dealer.get(1);
    await dealer.deal([1]);
    expect(does.log).toEqual(['take 1', 'ready 1', 'ready 1']);
    expect(dealer.get(1)).toBe(first);
  });

  test('a deal that comes while a take waits is of the end, and the take goes on', async () => {
    const { dealer, does } = setup();
    does.lock(1);
    const first = dealer.deal([1]);
    const second = dealer.deal([1, 2]);
    await wait(0);
    expect(held(dealer)).toEqual([2]);
    does.unlock(1);
    await Promise.all([first, second]);
    expect(does.log.filter((each) => each.endsWith('1'))).toEqual(['take 1', 'ready 1']);
    expect(held(dealer)).toEqual([1, 2]);
  });

  test('a deal that comes while one is made ready makes it ready again', async () => {
    const gate = withOpener();
    const log: number[] = [];
    const { dealer } = setup({
      ready: async (partition) => {
        log.push(partition);
        if (log.length === 1) await gate.promise;
      },
    });
    const first = dealer.deal([1]);
    await wait(0);
    const second = dealer.deal([1]);
    gate.open();
    await Promise.all([first, second]);
    expect(log).toEqual([1, 1]);
  });

  test('one that is dealt away while its take waits is neither held nor given', async () => {
    const { dealer, does, errors } = setup();
    does.lock(1);
    const first = dealer.deal([1]);
    await dealer.deal([]);
    await first;
    expect(does.log).toEqual(['take 1']);
    expect(held(dealer)).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('one whose take comes through although it was dealt away is given', async () => {
    const gate = withOpener();
    const { dealer, does } = setup({
      take: async (partition) => {
        await gate.promise;
        return { partition, nth: 0 };
      },
    });
    const first = dealer.deal([1]);
    const second = dealer.deal([]);
    gate.open();
    await Promise.all([first, second]);
    expect(does.log).toEqual(['give 1']);
    expect(held(dealer)).toEqual([]);
  });

  test('one that is dealt away and back while its take waits is taken again', async () => {
    const { dealer, does, errors } = setup();
    does.lock(1);
    const deals = [dealer.deal([1]), dealer.deal([]), dealer.deal([1])];
    await wait(0);
    does.unlock(1);
    await Promise.all(deals);
    expect(does.log).toEqual(['take 1', 'take 1', 'ready 1']);
    expect(held(dealer)).toEqual([1]);
    expect(errors).toEqual([]);
  });

  test('one that comes back while it is given is taken anew after that', async () => {
    const gate = withOpener();
    const log: string[] = [];
    const { dealer } = setup({
      take: async (partition) => {
        log.push('take');
        return { partition, nth: log.length };
      },
      give: async () => {
        log.push('give');
        await gate.promise;
        log.push('given');
      },
    });
    await dealer.deal([1]);
    const away = dealer.deal([]);
    const back = dealer.deal([1]);
    gate.open();
    await Promise.all([away, back]);
    expect(log).toEqual(['take', 'give', 'given', 'take']);
  });

  test('a deal that comes at the very moment a partition is settled is not overlooked', async () => {
    // In each of the turns of the microtask queue around the end of `ready`, however many the runtime takes.
    for (let turns = 0; turns < 12; turns++) {
      const { dealer, does } = setup();
      const first = dealer.deal([1]);
      for (let turn = 0; turn < turns; turn++) await undefined;
      const second = dealer.deal([]);
      await Promise.all([first, second]);
      expect({ turns, held: held(dealer) }).toEqual({ turns, held: [] });
      expect(does.log.filter((each) => each.startsWith('give')).length).toBeLessThanOrEqual(1);
    }
  });

  test('a slow partition holds up no other', async () => {
    const { dealer, does } = setup();
    does.lock(1);
    const deal = dealer.deal([1, 2, 3]);
    await wait(0);
    expect(held(dealer)).toEqual([2, 3]);
    expect(does.log).toContain('ready 3');
    void dealer.deal([1, 3]);
    await wait(0);
    expect(held(dealer)).toEqual([3]);
    does.unlock(1);
    await deal;
    expect(held(dealer)).toEqual([1, 3]);
  });
});

describe('losses, errors, the end', () => {
  test('one that is lost is taken anew where it is still wanted, without having been given', async () => {
    const { dealer, does } = setup();
    await dealer.deal([1]);
    dealer.lost(1, dealer.get(1) as Held);
    await dealer.deal([1]);
    expect(does.log.filter((each) => each === 'take 1')).toHaveLength(2);
    expect(does.log).not.toContain('give 1');
    expect(held(dealer)).toEqual([1]);
  });

  test('the loss of what is held no longer changes nothing', async () => {
    const { dealer, does } = setup();
    await dealer.deal([1]);
    const old = dealer.get(1) as Held;
    await dealer.deal([]);
    await dealer.deal([1]);
    dealer.lost(1, old);
    await dealer.deal([1]);
    expect(does.log.filter((each) => each === 'take 1')).toHaveLength(2);
  });

  test('one that is lost while it is made ready is taken anew and made ready again', async () => {
    const gate = withOpener();
    const log: string[] = [];
    const { dealer } = setup({
      take: async (partition) => {
        log.push('take');
        return { partition, nth: log.length };
      },
      ready: async () => {
        log.push('ready');
        if (log.length === 2) await gate.promise;
      },
    });
    const deal = dealer.deal([1]);
    await wait(0);
    dealer.lost(1, dealer.get(1) as Held);
    gate.open();
    await deal;
    expect(log).toEqual(['take', 'ready', 'take', 'ready']);
  });

  test('an error in take is told, and the next deal tries again', async () => {
    let tries = 0;
    const { dealer, errors } = setup({
      take: async (partition) => {
        if (tries++ === 0) throw new Error('no store');
        return { partition, nth: tries };
      },
    });
    await dealer.deal([1, 2]);
    expect(errors).toEqual([new Error('no store')]);
    expect(held(dealer)).toEqual([2]);
    await dealer.deal([1, 2]);
    expect(held(dealer)).toEqual([1, 2]);
  });

  test('an error in give is told, and the partition is held no longer', async () => {
    const { dealer, errors } = setup({
      give: async () => {
        throw new Error('no disk');
      },
    });
    await dealer.deal([1]);
    await dealer.deal([]);
    expect(errors).toEqual([new Error('no disk')]);
    expect(held(dealer)).toEqual([]);
  });

  test('a close during a take ends the wait, gives the rest, and nothing is taken after it', async () => {
    const { dealer, does, errors } = setup();
    await dealer.deal([2]);
    does.lock(1);
    const deal = dealer.deal([1, 2]);
    await wait(0);
    await dealer.close();
    await deal;
    await dealer.deal([1, 2, 3]);
    expect(does.log).toEqual(['take 2', 'ready 2', 'take 1', 'ready 2', 'give 2']);
    expect(held(dealer)).toEqual([]);
    expect(errors).toEqual([]);
  });
});

const PARTITIONS = 4;
const delay = fc.nat({ max: 5 });
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('deal' as const), to: fc.subarray([0, 1, 2, 3]), turns: delay }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), which: fc.nat({ max: PARTITIONS - 1 }), turns: delay }) },
);

/** Turns of the microtask queue, or of the event loop: races of both kinds. */
async function pass(turns: number): Promise<void> {
  if (turns === 5) return void (await wait(0));
  for (let turn = 0; turn < turns; turn++) await undefined;
}

test('whatever order deals, losses and delays come in, the last deal is what is held, and takes and gives pair up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 20 }), fc.array(delay, { minLength: 1, maxLength: 30 }), async (acts, delays) => {
      let nth = 0;
      const pause = (): Promise<void> => pass(delays[nth++ % delays.length] as number);
      const taken = new Set<Held>();
      const out = new Map<number, Held>();
      const wrong: string[] = [];
      const dealing: Dealing<Held> = {
        take: async (partition, signal) => {
          if (out.has(partition)) wrong.push(`took ${partition}, which is held`);
          await pause();
          signal.throwIfAborted();
          const one = { partition, nth: nth++ };
          taken.add(one);
          out.set(partition, one);
          return one;
        },
        give: async (partition, one) => {
          if (out.get(partition) !== one || !taken.delete(one)) wrong.push(`gave ${partition}, which was not taken`);
          await pause();
          out.delete(partition);
        },
        ready: async (partition, one) => {
          // A loss may come between.
          if (out.get(partition) !== one && taken.has(one)) wrong.push(`made ${partition} ready, which is not held`);
          await pause();
        },
      };
      const dealer = new Dealer(dealing, (error) => wrong.push(String(error)));
      const deals: Promise<void>[] = [];
      let last: readonly number[] = [];
      for (const each of acts) {
        if (each.kind === 'deal') {
          last = each.to;
          deals.push(dealer.deal(each.to));
        } else {
          const one = dealer.get(each.which);
          if (one) {
            taken.delete(one);
            out.delete(each.which);
            dealer.lost(each.which, one);
          }
        }
        await pass(each.turns);
      }
      await Promise.all(deals);
      await dealer.deal(last);
      expect(wrong).toEqual([]);
      expect(held(dealer)).toEqual([...last].sort((a, b) => a - b));
      expect([...out.keys()].sort((a, b) => a - b)).toEqual([...last].sort((a, b) => a - b));
      await dealer.close();
      expect(wrong).toEqual([]);
      // Everything that was taken was given, but for what was lost.
      expect([taken.size, out.size, dealer.held.size]).toEqual([0, 0, 0]);
    }),
    { numRuns: 1_000 },
  );
});
