import { AuspexError, formatDuration, type StoreWrite, type Usage } from '@auspex/contracts';
import type { Parts } from '../assemble.ts';
import { encodeCapacity, restoreCapacity } from '../capacity/record.ts';
import type { ClosedStep } from '../ingest/ingest.ts';
import { UsageDigest } from '../usage/digest.ts';
import type { KeyChain } from '../users/keys.ts';
import { baseWrite, oldestDay } from '../users/record.ts';
import { Artifacts } from './artifacts.ts';
import { readCheckpoint, restorePools, restoreShards, writeCheckpoint } from './checkpoint.ts';
import { decodeUsage, encodeUsage } from './codec.ts';
import { KEYS, stamp } from './keys.ts';
import { readSnapshot, restoreStates, restoreTraining, writeSnapshot } from './snapshot.ts';

const DAY_MS = 86_400_000;

/**
 * What is kept and how it comes back. A commit is one batch: closed usage, journal, checkpoint (positions, open usage,
 * guard state), and every `snapshotEvery` all states. A restart loads the snapshot, learns again from history what closed
 * after it, and goes on at the checkpoint: nothing is counted twice, nothing is lost.
 */
export class Persistence {
  readonly #parts: Parts;
  readonly #durable: boolean;
  #writes: StoreWrite[] = [];
  /** Late usage that waits to be queued. */
  readonly #late: Usage[] = [];
  #nextSnapshot = Number.NEGATIVE_INFINITY;
  #pruneAt: number | undefined;
  /** The day that is to be tidied, once no training is under way. */
  #tidyAt: number | undefined;
  readonly #artifacts = new Artifacts();
  readonly #keys: KeyChain | undefined;

  /**
   * @param durable false = the store does not survive the process: only `commit(true)` writes
   * @param keys that users are hashed with, where the store has them: they move on with the checkpoint
   */
  constructor(parts: Parts, durable: boolean, keys?: KeyChain) {
    this.#parts = parts;
    this.#durable = durable;
    this.#keys = keys;
  }

  /** Queues a closed step for the next commit. */
  keepUsage(usage: readonly Usage[], closed: ClosedStep): void {
    if (this.#durable)
      this.#writes.push({
        type: 'put',
        key: KEYS.usage(closed.step),
        value: encodeUsage(closed.step, usage, closed.missing, this.#parts.cycle.readyUnits()),
      });
  }

  /** Queues new weights of a predictor, whose training began at `at`; of older ones those that they take over from are kept. */
  keepArtifact(name: string, at: number, artifact: Uint8Array): void {
    this.#writes.push(...this.#artifacts.keep(name, at, artifact));
  }

  /**
   * A training has begun or ended: that, the weights and the states of the step go into one batch. What is learnt again after a crash is
   * then learnt with the weights that were in service.
   */
  keepTraining(): void {
    this.#nextSnapshot = Number.NEGATIVE_INFINITY;
  }

  /** Once a day: forgets what is idle and what is old. Called between the end of a training and the begin of the next, so that its time comes. */
  tidy(step: number): void {
    this.#noteDay(step);
    // What weights are being trained on must stay: a restart trains them again on the same.
    if (this.#tidyAt === undefined || this.#parts.training.pending) return;
    const { groups, series } = this.#parts.cycle.forgetIdle(this.#tidyAt);
    this.drop([...groups.map(KEYS.profile), ...series.flatMap((id) => [KEYS.series(id), KEYS.detect(id)])]);
    this.#pruneAt = this.#tidyAt;
    this.#tidyAt = undefined;
  }

  #noteDay(step: number): void {
    if (step % DAY_MS === 0) this.#tidyAt = step;
  }

  /** Queues writes, for a commit with all states. */
  keep(writes: readonly StoreWrite[]): void {
    if (writes.length > 0) this.#nextSnapshot = Number.NEGATIVE_INFINITY;
    this.#writes.push(...writes);
  }

  /** Queues the removal of states, for a commit with all others: none of an older step is left beside them. */
  drop(keys: readonly string[]): void {
    if (keys.length > 0) this.#nextSnapshot = Number.NEGATIVE_INFINITY;
    for (const key of keys) this.#writes.push({ type: 'delete', key });
  }

  /**
   * Writes what is queued. A batch that the store refuses stays queued, so that a later commit cannot move the checkpoint
   * past something that was never written.
   *
   * @param everything all states too, whatever the store
   */
  async commit(everything = false): Promise<void> {
    const { ingest, cycle, journal, store, training, config, users, holds, alerts } = this.#parts;
    // Before the first step is known no checkpoint is written, so what is late is not lost by waiting.
    if (!Number.isNaN(ingest.next)) this.#late.push(...ingest.takeLate());
    const lines = journal.takeWrites();
    const firing = alerts.encode();
    const told = alerts.take();
    if (!this.#durable && !everything) {
      this.#writes = [];
      this.#late.length = 0;
      // Nothing lasts: what waits may go out at once.
      told.kept();
      return;
    }
    this.#writes.push(...lines, ...told.writes);
    // One after the other, and each kept until it is queued: the store may fail in between.
    for (let usage = this.#late[0]; usage; usage = this.#late[0]) {
      this.#writes.push(await this.#lateWrite(usage, this.#writes));
      this.#late.shift();
    }
    const states: StoreWrite[] = [];
    const base = Number.isNaN(ingest.next) ? undefined : this.#keys?.baseAt(oldestDay(ingest.next));
    if (base) states.push(baseWrite(base));
    let whole = false;
    if (!Number.isNaN(ingest.next)) {
      // A size that has moved and the states that reach so far are of one batch: a restart must not have one without the other.
      whole = everything || cycle.resized || ingest.next >= this.#nextSnapshot;
      if (whole) states.push(...writeSnapshot(cycle, this.#parts, ingest.next, config.hash, training, this.#tidyAt));
      states.push(writeCheckpoint(config.settings.step, ingest, this.#parts.enrich, cycle, this.#parts.allocate, holds));
      for (const [name, value] of this.#parts.learn.encode()) states.push({ type: 'put', key: KEYS.learner(name), value });
      states.push({ type: 'put', key: KEYS.capacity, value: encodeCapacity(cycle.pools) });
    }
    if (firing) states.push(firing);
    const queued = this.#writes.splice(0);
    try {
      await store.batch([...queued, ...states]);
      this.#parts.learn.kept();
      told.kept();
      this.#parts.cycle.resized = false;
    } catch (error) {
      this.#writes.unshift(...queued);
      told.failed();
      throw error;
    }
    if (whole) this.#nextSnapshot = ingest.next + config.settings.snapshotEvery;
    if (base) {
      // Only now: had the store refused, the next batch would have to go by the same keys.
      this.#keys?.advance(base);
      users.clear();
    }
    await ingest.commit();
    await this.#prune();
  }

  /** Late usage is added to what history already holds for its step, under its own key. */
  async #lateWrite(late: Usage, writes: readonly StoreWrite[]): Promise<StoreWrite> {
    const key = KEYS.late(late.step, this.#parts.ingest.next);
    const pending = writes.findLast((write) => write.key === key);
    const present = pending?.type === 'put' ? pending.value : await this.#parts.store.get(key);
    const before = present ? decodeUsage(present).usage : [];
    return { type: 'put', key, value: encodeUsage(late.step, [...before, late]) };
  }

  async #prune(): Promise<void> {
    if (this.#pruneAt === undefined) return;
    const { store, config } = this.#parts;
    const { historyKeep, journalKeep } = config.settings;
    const deletes: StoreWrite[] = [];
    for (const [prefix, keep] of [
      ['usage/', historyKeep],
      ['late/', historyKeep],
      ['journal/', journalKeep],
    ] as const) {
      const before = `${prefix}${stamp(this.#pruneAt - keep)}`;
      for await (const [key] of store.scan(prefix)) {
        if (key >= before) break;
        deletes.push({ type: 'delete', key });
      }
    }
    this.#pruneAt = undefined;
    if (deletes.length > 0) await store.batch(deletes);
  }

  /** Brings everything back. Returns what could not be read, in words: those parts begin from nothing. */
  async restore(): Promise<readonly string[]> {
    const problems: string[] = [];
    const unreadable = (what: string, error: unknown): void => {
      const text = `${what} could not be read (${(error as Error).message}): it begins again from nothing`;
      this.#parts.logger.warn({ code: 'STATE_UNREADABLE' }, text);
      problems.push(text);
    };
    const without = await this.#restoreArtifacts(problems);
    // First: how far ahead series look hangs on it.
    await this.#restoreCapacity(unreadable);
    const from = await this.#restoreSnapshot(unreadable);
    for (const name of without) this.#parts.training.schedule.forget(name);
    await this.#restoreCheckpoint(from, unreadable);
    // Last: notices of what is learnt again were told by the life before.
    this.#parts.alerts.takeNotices();
    const stranger = (sink: string, count: number): void =>
      this.#parts.logger.warn(
        { sink, count },
        `${count} alert(s) waited for the sink ${sink}, which the config has no longer: nobody is told of them`,
      );
    this.#writes.push(...(await this.#parts.alerts.restore(this.#parts.store, unreadable, stranger)));
    return problems;
  }

  async #restoreCapacity(unreadable: (what: string, error: unknown) => void): Promise<void> {
    const { store, cycle, config } = this.#parts;
    const bytes = await store.get(KEYS.capacity);
    if (!bytes) return;
    try {
      restoreCapacity(bytes, cycle.pools, config.settings.pools, (state, size) => cycle.resize(state, size));
      cycle.resized = false;
    } catch (error) {
      unreadable('what was learnt of lead times and units', error);
    }
  }

  async #restoreLearners(unreadable: (what: string, error: unknown) => void): Promise<void> {
    const { store, learn } = this.#parts;
    for (const name of learn.names) {
      const bytes = await store.get(KEYS.learner(name));
      try {
        if (bytes) learn.decode(name, bytes);
      } catch (error) {
        unreadable(`what ${name} learnt`, error);
      }
    }
  }

  /** Returns who has weights and accepts none of them. */
  async #restoreArtifacts(problems: string[]): Promise<readonly string[]> {
    const { store, training, logger } = this.#parts;
    const found = await this.#artifacts.restore(store, training);
    this.#writes.push(...found.writes);
    for (const text of found.problems) {
      logger.warn({ code: 'STATE_UNREADABLE' }, text);
      problems.push(text);
    }
    return found.without;
  }

  /** The first step that the restored states do not hold; -Infinity when there is no snapshot. */
  async #restoreSnapshot(unreadable: (what: string, error: unknown) => void): Promise<number> {
    const { store, cycle, ingest, training, config } = this.#parts;
    const bytes = await store.get(KEYS.snapshot);
    if (!bytes) return Number.NEGATIVE_INFINITY;
    try {
      const snapshot = readSnapshot(bytes);
      await restoreStates(snapshot, store, cycle, this.#parts, unreadable);
      restoreTraining(snapshot, training);
      this.#tidyAt = snapshot.tidyAt ?? undefined;
      this.#nextSnapshot = snapshot.next + config.settings.snapshotEvery;
      ingest.resume(snapshot.next);
      await this.#rebuildHistory(snapshot.next);
      return snapshot.next;
    } catch (error) {
      training.interrupted(undefined);
      unreadable('the snapshot', error);
      return Number.NEGATIVE_INFINITY;
    }
  }

  /** Training history is not in the snapshot: it is read from the closed usage. A training that was under way begins again on its part of it. */
  async #rebuildHistory(before: number): Promise<void> {
    const { training, store, cycle, config } = this.#parts;
    if (!training.history) return;
    const began = training.pending?.at ?? before;
    const from = Math.min(began, before) - training.history.capacity * config.settings.step;
    for await (const [, bytes] of store.scan('usage/', { from: KEYS.usage(from) })) {
      const closed = decodeUsage(bytes);
      if (closed.step >= before) break;
      if (closed.step >= began) training.resume();
      cycle.remember(closed);
    }
    training.resume();
  }

  async #restoreCheckpoint(from: number, unreadable: (what: string, error: unknown) => void): Promise<void> {
    const { store, cycle, ingest, enrich, allocate } = this.#parts;
    const bytes = await store.get(KEYS.checkpoint);
    if (!bytes) return;
    try {
      const checkpoint = readCheckpoint(bytes);
      checkStep(checkpoint.stepMs, this.#parts);
      restoreShards(checkpoint, ingest, enrich, (name, shard, error) => unreadable(`enricher ${name} of shard ${shard}`, error));
      await this.#relearn(from, checkpoint.next);
      restorePools(checkpoint, cycle);
      this.#parts.holds.restore(checkpoint.holds ?? []);
      allocate.decode(checkpoint.allocator);
      await this.#restoreLearners(unreadable);
      cycle.digest = new UsageDigest(checkpoint.digest);
    } catch (error) {
      if (error instanceof AuspexError) throw error;
      unreadable('the checkpoint', error);
    }
  }

  /** Learns again what closed after the snapshot: the states then stand where the checkpoint does. */
  async #relearn(from: number, next: number): Promise<void> {
    const { store, cycle, config, training } = this.#parts;
    const options = Number.isFinite(from) ? { from: KEYS.usage(from) } : {};
    for await (const [, bytes] of store.scan('usage/', options)) {
      const closed = decodeUsage(bytes);
      if (closed.step >= next) break;
      training.firstStep ??= closed.step;
      this.#noteDay(closed.step);
      cycle.learn(cycle.take(closed));
      await cycle.forecast(closed.step + config.settings.step, true);
    }
  }
}

/** Steps of another length do not line up with what is stored: every step from then on would look empty. */
function checkStep(stepMs: number, { config }: Parts): void {
  if (stepMs === config.settings.step) return;
  throw new AuspexError(
    'CONFIG_INVALID',
    `the store holds steps of ${formatDuration(stepMs)}, not of ${formatDuration(config.settings.step)}`,
    {
      path: 'step',
      remedy: 'Set step back, or start with an empty store.',
    },
  );
}
