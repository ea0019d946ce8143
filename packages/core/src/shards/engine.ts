import { AuspexError, type BehaviorProfile, type Shards, type Source, type Store, use } from '@auspex/contracts';
import { parseConfig, type ResolvedConfig, type ResolvedPlugin } from '../config/parse.ts';
import type { AuspexConfig } from '../config/schema.ts';
import { heartbeat } from '../defaults/heartbeat.ts';
import { newSecret } from '../defaults/secret.ts';
import { createEngine, type Engine, type EngineCounts, type EngineOptions } from '../engine.ts';
import { Lifecycle, type LifecycleState } from '../lifecycle/state.ts';
import { KEYS } from '../persistence/keys.ts';
import { scopedStore } from '../persistence/scoped.ts';
import type { KeyBase } from '../users/keys.ts';
import { advanceShared, encodeBase, oldestDay } from '../users/record.ts';
import { registerServices } from '../wiring/register.ts';
import type { Services } from '../wiring/services.ts';
import { TOKENS } from '../wiring/tokens.ts';
import { BatchQueue } from './queue.ts';
import { Shard } from './shard.ts';
import { partitionSource } from './source.ts';

/** How often the keys of users that shards begin from move on with the clock, milliseconds. */
const ADVANCE_MS = 3_600_000;

/** What a sharded engine can be asked; each answer is of the partitions that this instance owns now. */
export interface ShardedEngine extends AsyncDisposable {
  readonly state: LifecycleState;
  start(): Promise<void>;
  /** Takes part in the sharing until `stop` is called. @throws what broke in a shard, or the source */
  run(): Promise<void>;
  stop(): void;
  close(): Promise<void>;
  partitions(): readonly string[];
  groups(): readonly string[];
  profile(group: string): BehaviorProfile | undefined;
  counts(): EngineCounts;
}

/** Do several instances share the config's source? Then it needs a sharded engine. */
export function isShared({ settings }: ResolvedConfig): boolean {
  return settings.shared;
}

/**
 * One instance of several that share a source: each partition it is dealt is a shard with an engine of its own, on a part of the
 * store of its own. Kafka assigns, the store fences: a shard's lease goes from instance to instance with its state, and what a
 * paused owner writes afterwards is refused.
 *
 * The shards learn; they decide nothing, since no instance sees a whole pool.
 *
 * @throws as `parseConfig`; SUPPORT where not exactly one source is given, and that one shared, and where a live one has an actuator
 */
export function createShardedEngine(config: AuspexConfig, options: EngineOptions): ShardedEngine {
  return new Sharded(config, parseConfig(config, options.catalogue ?? []), options);
}

class Sharded implements ShardedEngine {
  readonly #config: AuspexConfig;
  readonly #options: EngineOptions;
  readonly #source: ResolvedPlugin<'source'>;
  readonly #lifecycle = new Lifecycle();
  readonly #abort = new AbortController();
  readonly #services: Services;
  readonly #shards = new Map<string, Shard>();
  #secret = '';
  #run: Promise<void> | undefined;
  #broken: unknown;

  constructor(config: AuspexConfig, resolved: ResolvedConfig, options: EngineOptions) {
    const [source, ...others] = resolved.sources;
    if (!source || others.length > 0 || source.plugin.capabilities.shared !== true) {
      throw new AuspexError('SUPPORT', 'instances share one source, and its partitions must be dealt out by a broker', {
        path: 'sources',
        remedy: 'Give one shared source such as kafka; run other sources in an engine of their own.',
      });
    }
    const acting = resolved.actuators.keys().next().value;
    if (options.mode === 'live' && acting !== undefined) {
      throw new AuspexError(
        'SUPPORT',
        `instances that share a source learn and decide nothing, and nothing would be ordered for "${acting}"`,
        {
          path: 'shared',
          remedy: 'Leave `shared` out: one instance reads all partitions, and decides. Or run in shadow mode.',
        },
      );
    }
    if (options.mode === 'replay') throw new AuspexError('SUPPORT', 'a shared source is read in live or shadow mode', { path: 'mode' });
    this.#config = config;
    this.#options = options;
    this.#source = source;
    const pace = { replay: false, secret: () => this.#secret };
    this.#services = registerServices(resolved, options.host ?? {}, this.#abort.signal, this.#lifecycle, pace);
  }

  get state(): LifecycleState {
    return this.#lifecycle.state;
  }

  async start(): Promise<void> {
    await this.#lifecycle.start(async () => {
      this.#secret = await sharedSecret(this.#services.get(TOKENS.store));
      await this.#advance();
      const hourly = heartbeat(ADVANCE_MS, () => void this.#advance().catch((error: unknown) => this.#late(error)));
      this.#lifecycle.opened({ name: 'keys of users', close: () => hourly.stop() });
      const [source] = this.#services.get(TOKENS.sources);
      if (!source?.instance.share)
        throw new AuspexError('PLUGIN_INVALID', 'declares that it is shared and has no share()', { path: this.#source.path });
      this.#lifecycle.opened({ name: 'shards', close: () => this.#release([...this.#shards.keys()]) });
    });
  }

  run(): Promise<void> {
    this.#run = this.#runOnce();
    return this.#run;
  }

  async #runOnce(): Promise<void> {
    if (this.state !== 'running') throw new AuspexError('LIFECYCLE', `an engine that is ${this.state} cannot do this; start it first`);
    const [source] = this.#services.get(TOKENS.sources);
    const shards: Shards = {
      take: (partition, signal) => this.#take(partition, source?.instance as Source, signal),
      push: async (batch) => (await this.#shards.get(batch.partition)?.push(batch)) ?? false,
      release: (partitions) => this.#release(partitions),
    };
    try {
      await source?.instance.share?.(shards, this.#abort.signal);
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
    if (this.#broken !== undefined) throw this.#broken;
  }

  async #take(partition: string, source: Source, signal: AbortSignal): Promise<string | undefined> {
    const store = this.#services.get(TOKENS.store);
    const scoped: Store = { ...scopedStore(() => store, `shard/${encodeURIComponent(partition)}/`), close: async () => undefined };
    // One secret for all: a user counts as the same wherever the partition is.
    await scoped.compareAndSet(KEYS.secret, undefined, new TextEncoder().encode(this.#secret));
    // The keys of users, too. From here on the shard moves on with its own time.
    await scoped.compareAndSet(KEYS.users, undefined, encodeBase(await this.#advance()));
    const make = (queue: BatchQueue) => this.#make(partition, source, scoped, queue);
    const { shard, position } = await Shard.open(make, () => new BatchQueue(), this.#services.get(TOKENS.clock), signal);
    this.#shards.set(partition, shard);
    shard.running.catch((error: unknown) => this.#lose(partition, shard, error));
    return position;
  }

  /** Moves the keys that shards begin from on to the clock's day. */
  #advance(): Promise<KeyBase> {
    const clock = this.#services.get(TOKENS.clock);
    return advanceShared(this.#services.get(TOKENS.store), oldestDay(clock.now()), (error) =>
      this.#services.get(TOKENS.logger).warn({ error: (error as Error).message }, 'the keys of users could not be read and begin anew'),
    );
  }

  #late(error: unknown): void {
    const fields = { error: (error as Error).message };
    this.#services.get(TOKENS.logger).warn(fields, 'old keys of users could not be given up; tried again in an hour');
  }

  #make(partition: string, source: Source, store: Store, queue: BatchQueue): { engine: Engine; position: Promise<string | undefined> } {
    const { silence } = this.#source.plugin.capabilities;
    let onOpen: (position: string | undefined) => void = () => undefined;
    const position = new Promise<string | undefined>((resolve) => {
      onOpen = resolve;
    });
    const onDurable = async (at: string): Promise<void> => source.commit?.({ [partition]: at });
    const own = partitionSource(this.#source.plugin.id, silence, { partition, queue, onOpen, onDurable });
    const pools = this.#config.pools.map(({ actuator: _none, ...pool }) => pool);
    const host = { ...this.#options.host, store, durable: true };
    const options = { ...this.#options, host, decideFrom: Number.POSITIVE_INFINITY };
    // Nothing is decided, so nobody is told of anything: no shard sees a whole pool.
    const config = { ...this.#config, sources: [use(own)], pools, detectors: [], alerts: {} };
    return { engine: createEngine(config, options), position };
  }

  /** A shard broke. Where its lease went to another instance it is simply gone; anything else ends this instance. */
  #lose(partition: string, shard: Shard, error: unknown): void {
    if (this.#shards.get(partition) === shard) this.#shards.delete(partition);
    void shard.close().catch(() => undefined);
    if (error instanceof AuspexError && error.code === 'STORE_LOCKED') {
      this.#services.get(TOKENS.logger).warn({ partition }, 'the shard was taken by another instance');
      return;
    }
    this.#broken ??= error;
    this.#abort.abort();
  }

  async #release(partitions: readonly string[]): Promise<void> {
    await Promise.all(
      partitions.map(async (partition) => {
        const shard = this.#shards.get(partition);
        this.#shards.delete(partition);
        await shard?.close();
      }),
    );
  }

  stop(): void {
    this.#abort.abort();
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#run?.catch(() => undefined);
    await this.#lifecycle.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  partitions(): readonly string[] {
    return [...this.#shards.keys()].sort();
  }

  groups(): readonly string[] {
    return [...new Set([...this.#shards.values()].flatMap((shard) => shard.engine.groups()))];
  }

  profile(group: string): BehaviorProfile | undefined {
    for (const shard of this.#shards.values()) {
      const profile = shard.engine.profile(group);
      if (profile) return profile;
    }
    return undefined;
  }

  counts(): EngineCounts {
    const sum = { events: 0, late: 0, malformed: 0, ahead: 0, steps: 0 };
    for (const shard of this.#shards.values()) {
      const counts: EngineCounts = shard.engine.counts();
      for (const key of Object.keys(sum) as (keyof EngineCounts)[]) sum[key] += counts[key];
    }
    return sum;
  }
}

/** The secret of the users' hashes, made by whichever instance is first. */
async function sharedSecret(store: Store): Promise<string> {
  await store.compareAndSet(KEYS.secret, undefined, new TextEncoder().encode(newSecret()));
  return new TextDecoder().decode((await store.get(KEYS.secret)) as Uint8Array);
}
