import type { Clock } from '@auspex/contracts';
import { aloneBy, type Marks, type Records, Refused, type Scaling, type Status, type Target } from '../target/index.ts';
import type { Identity, ProcessClient } from './client.ts';
import type { ProcessOptions, ProcessPool } from './config.ts';
import { detailOf, died, fresh, keyOf, type Seen, withoutWait } from './life.ts';
import type { Roster, Worker } from './roster.ts';

/** The workers of a pool as they were found. */
export interface ProcessStatus extends Status {
  readonly workers: readonly Seen[];
}

export interface ProcessParts {
  readonly client: ProcessClient;
  readonly marks: Marks;
  readonly rosters: Records<Roster>;
  readonly clock: Clock;
}

/** How often a worker that is to end is looked at, milliseconds. */
const LOOK = 50;

/** Processes of this machine: a unit is a worker that is to run. */
export class ProcessTarget implements Target<ProcessStatus> {
  readonly #options: ProcessOptions;
  readonly #parts: ProcessParts;

  constructor(options: ProcessOptions, parts: ProcessParts) {
    this.#options = options;
    this.#parts = parts;
  }

  async status(pool: string, signal: AbortSignal): Promise<ProcessStatus> {
    const { client, marks, rosters } = this.#parts;
    const options = this.#pool(pool);
    const roster = await rosters.read(pool);
    const workers = await Promise.all((roster?.workers ?? []).map((worker) => this.#see(worker)));
    const wanted = workers.filter(({ stopping }) => stopping === undefined);
    const ready = await Promise.all(
      wanted.map(({ runs, slot, key, offset }) => runs && client.ready({ pool, slot, key, options }, offset, signal)),
    );
    const mark = await marks.read(pool);
    const detail = detailOf(wanted, this.#parts.clock.now());
    return {
      units: wanted.length,
      ready: ready.filter(Boolean).length,
      workers,
      ...(mark && { mark }),
      ...(detail && { detail }),
    };
  }

  alone<T>(pool: string, act: () => Promise<T>): Promise<T> {
    return aloneBy(this.#parts.marks, pool, act);
  }

  async scale(pool: string, { units, mark, status }: Scaling & { status: ProcessStatus }, signal: AbortSignal): Promise<void> {
    const { marks, clock } = this.#parts;
    if (mark) await marks.write(pool, mark);
    const now = clock.now();
    const left = await this.#bury(pool, status.workers);
    const wanted = left.filter(({ stopping }) => stopping === undefined).sort((a, b) => a.slot - b.slot);
    for (const { slot } of wanted.slice(units)) {
      const at = left.findIndex((worker) => worker.slot === slot);
      left[at] = { ...(left[at] as Seen), stopping: now };
    }
    for (let missing = units - wanted.length; missing > 0; missing--) left.push(fresh(pool, left, now));
    await this.#carryOut(pool, left, signal);
    if (!mark) await marks.write(pool, undefined);
  }

  /** Ends all workers that this instance's pools have, and waits for them, for `grace` at most. */
  async close(): Promise<void> {
    if (this.#options.onClose === 'keep') return;
    await Promise.all(Object.keys(this.#options.pools).map((pool) => this.#stop(pool)));
  }

  /** Those that ended as told are gone; those that died are given a time at which they come again. */
  async #bury(pool: string, workers: readonly Seen[]): Promise<Seen[]> {
    const { client, clock } = this.#parts;
    const { grace } = this.#pool(pool);
    const now = clock.now();
    const left: Seen[] = [];
    for (const worker of workers) {
      if (worker.stopping !== undefined) {
        if (!worker.runs) continue;
        if (now - worker.stopping >= grace) await client.end(worker as Identity, 'SIGKILL');
        left.push(worker);
      } else {
        left.push(worker.runs || worker.pid === undefined ? worker : { ...died(worker, now, this.#options.restart), runs: false });
      }
    }
    return left;
  }

  /** Notes what is to be, starts and ends, and notes what is. */
  async #carryOut(pool: string, before: readonly Seen[], signal: AbortSignal): Promise<void> {
    const now = this.#parts.clock.now();
    const due = (worker: Seen): boolean =>
      worker.pid === undefined && worker.stopping === undefined && (worker.waits === undefined || worker.waits <= now);
    let workers = before.map((worker) => (due(worker) ? { ...withoutWait(worker), key: keyOf(pool, worker.slot, now) } : worker));
    // Before any start: a crash between start and note must leave no worker that nobody knows. Its key finds it.
    await this.#write(pool, workers);
    const replace = (worker: Seen): void => {
      workers = workers.map((each) => (each.slot === worker.slot ? worker : each));
    };
    try {
      for (const worker of workers.filter(due)) {
        signal.throwIfAborted();
        replace(await this.#start(pool, worker));
      }
      for (const worker of workers.filter(({ stopping, told, runs }) => stopping !== undefined && !told && runs)) {
        await this.#parts.client.end(worker as Identity, 'SIGTERM');
        replace({ ...worker, told: true });
      }
    } finally {
      // New ones that could not be started are no units.
      await this.#write(
        pool,
        workers.filter(({ pid, crashes }) => pid !== undefined || crashes > 0),
      );
    }
  }

  async #start(pool: string, worker: Seen): Promise<Seen> {
    const { client, clock } = this.#parts;
    const started = await client.start({ pool, slot: worker.slot, key: worker.key, options: this.#pool(pool) });
    return { ...worker, ...started, since: clock.now(), runs: true };
  }

  #write(pool: string, workers: readonly Seen[]): Promise<void> {
    const roster = { workers: workers.map(({ runs: _, ...worker }) => worker) };
    return this.#parts.rosters.write(pool, workers.length === 0 ? undefined : roster);
  }

  async #stop(pool: string): Promise<void> {
    const { client, rosters, clock } = this.#parts;
    const roster = await rosters.read(pool);
    let left = (await Promise.all((roster?.workers ?? []).map((worker) => this.#see(worker)))).filter(({ runs }) => runs);
    const until = clock.now() + this.#pool(pool).grace;
    for (const worker of left) await client.end(worker as Identity, 'SIGTERM');
    while (left.length > 0 && clock.now() < until) {
      await clock.sleep(LOOK);
      const still = await Promise.all(left.map((worker) => client.runs(worker as Identity)));
      left = left.filter((_, index) => still[index]);
    }
    for (const worker of left) await client.end(worker as Identity, 'SIGKILL');
    await rosters.write(pool, undefined);
  }

  /** A worker that a crash of the engine left without a pid is found by its key. */
  async #see(worker: Worker): Promise<Seen> {
    const { client } = this.#parts;
    const { pid, start } = worker;
    if (pid !== undefined && start !== undefined) return { ...worker, runs: await client.runs({ pid, start }) };
    const found = worker.waits !== undefined ? undefined : await client.find(worker.key);
    return found ? { ...worker, ...found, runs: true } : { ...worker, runs: false };
  }

  #pool(pool: string): ProcessPool {
    const options = this.#options.pools[pool];
    if (!options) throw new Refused(`the options name no pool "${pool}": add it to pools`);
    return options;
  }
}
