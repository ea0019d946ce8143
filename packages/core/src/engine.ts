import { AuspexError, type BehaviorProfile, type Extension, type PluginUse, type Store } from '@auspex/contracts';
import { assemble, type Parts } from './assemble.ts';
import { type Catalogue, parseConfig, parseUse, type ResolvedConfig } from './config/parse.ts';
import { Laps } from './cycle/laps.ts';
import { refuseEndlessFloors } from './cycle/lease.ts';
import { noticeOf } from './cycle/notice.ts';
import type { Training } from './cycle/training.ts';
import { breathe } from './defaults/breathe.ts';
import { VirtualClock } from './defaults/clock.ts';
import { heartbeat } from './defaults/heartbeat.ts';
import { newSecret } from './defaults/secret.ts';
import { withTimeLimit } from './defaults/time-limit.ts';
import type { EngineHooks } from './hooks/hooks.ts';
import type { TapCost } from './hooks/ledger.ts';
import { plug } from './hooks/plug.ts';
import type { ClosedStep } from './ingest/ingest.ts';
import { Lifecycle, type LifecycleState } from './lifecycle/state.ts';
import { KEYS } from './persistence/keys.ts';
import { LEASE_MS, Lease } from './persistence/lease.ts';
import { Persistence } from './persistence/persistence.ts';
import { seededKeys } from './users/keys.ts';
import { readKeys } from './users/record.ts';
import { type HostServices, registerServices } from './wiring/register.ts';
import type { Services } from './wiring/services.ts';
import { TOKENS } from './wiring/tokens.ts';

/** Written into the journal's start line. */
export const VERSION = '0.1.0';

/** `live` acts, `shadow` decides and journals, `replay` reads a trace on a virtual clock. All run the same cycle. */
export type Mode = 'live' | 'shadow' | 'replay';

export interface EngineOptions {
  readonly mode: Mode;
  /** Plugins that the config may name by id. */
  readonly catalogue?: Catalogue;
  readonly host?: HostServices;
  /**
   * Steps that end before this are learnt from, never decided (epoch ms). Default: in live and shadow two steps before now,
   * so that catching up orders nothing; in replay everything is decided.
   */
  readonly decideFrom?: number;
  /**
   * Train exactly once, at the first step at or after this (epoch ms), instead of on schedule. A replay uses the weights at that step
   * already (`training.within` counts for the schedule alone), in live and shadow they go into service once they are there.
   */
  readonly trainAt?: number;
  /** The trace's demand is the truth, whatever the simulated fleet could have served (open loop). Default false. */
  readonly trustDemand?: boolean;
  /** Gets every journal line. */
  readonly onJournal?: (line: string) => void;
  /** Told after every step: its start (epoch ms), and whether anything is known of it. */
  readonly onStep?: (step: number, missing: boolean) => void;
}

/** What the engine has read since its store was empty, and the steps since it was started. */
export interface EngineCounts {
  readonly events: number;
  readonly late: number;
  readonly malformed: number;
  readonly ahead: number;
  readonly steps: number;
}

/** Where start lines stand among the lines of their step. */
const FIRST_START_LINE = 50_000;
/** Steps between turns of the event loop: rare enough to cost nothing, often enough for Ctrl-C. */
const BREATHE_STEPS = 64;
/** Steps between commits while catching up: an fsync a step would be most of the work. */
const CATCH_UP_STEPS = 60;

/**
 * One engine: reads sources, runs the cycle, keeps its state in the store.
 *
 * ```ts
 * await using engine = createEngine(config, { mode: 'shadow' });
 * await engine.start();
 * await engine.run();
 * ```
 */
export interface Engine extends AsyncDisposable {
  readonly state: LifecycleState;
  readonly hooks: EngineHooks;
  /** Adds an extension's taps now; `remove` takes them out again and closes it. Ends with the engine by itself. @throws AuspexError */
  extend(use: PluginUse<'extension'>): { remove(): Promise<void> };
  /** What every tap has cost so far. */
  taps(): readonly TapCost[];
  readonly configHash: string;
  readonly settings: ResolvedConfig['settings'];
  /** Opens the store, takes the lease, restores what was checkpointed. @throws AuspexError */
  start(): Promise<void>;
  /** Runs until the sources end or `stop` is called. @throws AuspexError */
  run(): Promise<void>;
  /** Ends `run` after the current step; everything is checkpointed at `close`. */
  stop(): void;
  /** Writes all states now, whatever the store. */
  checkpoint(): Promise<void>;
  close(): Promise<void>;
  groups(): readonly string[];
  profile(group: string): BehaviorProfile | undefined;
  counts(): EngineCounts;
}

/**
 * Builds an engine from a config; nothing is opened before `start`.
 * @throws AuspexError with every problem of the config and its path
 */
export function createEngine(config: unknown, options: EngineOptions): Engine {
  return new AuspexEngine(parseConfig(config, options.catalogue ?? []), options);
}

class AuspexEngine implements Engine {
  readonly #config: ResolvedConfig;
  readonly #options: EngineOptions;
  readonly #lifecycle = new Lifecycle();
  readonly #abort = new AbortController();
  readonly #services: Services;
  #parts: Parts | undefined;
  #persistence: Persistence | undefined;
  #lease: Lease | undefined;
  #laps: Laps | undefined;
  #run: Promise<void> | undefined;
  /** Random in live and shadow, kept in the store; nothing in a replay, whose randomness is its seed alone. */
  #secret = '';
  /** Why the lease is gone; undefined = it is not. */
  #lost: unknown;
  /** A step is under way, or broke. */
  #torn = false;
  #decideFrom = Number.NEGATIVE_INFINITY;
  #sinceCommit = 0;
  #steps = 0;
  /** Extensions added so far, for their names. */
  #extended = 0;
  /** What restoring could not read; undefined once the start line has told it. */
  #untold: readonly string[] | undefined;

  constructor(config: ResolvedConfig, options: EngineOptions) {
    this.#config = config;
    this.#options = options;
    this.#services = registerServices(config, options.host ?? {}, this.#abort.signal, this.#lifecycle, {
      replay: options.mode === 'replay',
      secret: () => this.#secret,
    });
  }

  get state(): LifecycleState {
    return this.#lifecycle.state;
  }

  get hooks(): EngineHooks {
    return this.#services.get(TOKENS.hooks);
  }

  extend(use: PluginUse<'extension'>): { remove(): Promise<void> } {
    if (this.state === 'stopping' || this.state === 'stopped')
      throw new AuspexError('LIFECYCLE', `an engine that is ${this.state} takes no extension`);
    const used = parseUse('extension', use, `extensions[+${this.#extended++}]`, this.#options.catalogue ?? []);
    const { instance } = this.#services.get(TOKENS.make)(used);
    const unplug = plug(this.hooks, used.plugin.id, instance as Extension);
    return {
      remove: async () => {
        // A tap that removes itself, or one that hangs, must not wait for its own end for ever.
        await withTimeLimit(unplug(), this.settings.timeLimit, 'removal').catch(() => undefined);
        await this.#lifecycle.closeOne(used.path);
      },
    };
  }

  taps(): readonly TapCost[] {
    return this.#services.get(TOKENS.taps).costs();
  }

  get configHash(): string {
    return this.#config.hash;
  }

  get settings(): ResolvedConfig['settings'] {
    return this.#config.settings;
  }

  async start(): Promise<void> {
    await this.#lifecycle.start(async () => {
      const { mode, host, decideFrom } = this.#options;
      if (mode === 'live') refuseEndlessFloors(this.#config, new Set(host?.actuators?.keys()));
      const clock = this.#services.get(TOKENS.clock);
      const store = this.#services.get(TOKENS.store);
      const durable =
        host?.store === undefined ? this.#config.store.plugin.capabilities.durable : mode !== 'replay' && (host.durable ?? true);
      if (mode !== 'replay') {
        this.#lease = new Lease(store, clock);
        await this.#lease.acquire();
        this.#lifecycle.opened({ name: 'lease', close: () => this.#lease?.release() });
        const beat = heartbeat(LEASE_MS / 3, () => void this.#lease?.renew().catch((error: unknown) => this.#lose(error)));
        this.#lifecycle.opened({ name: 'heartbeat', close: () => beat.stop() });
        this.#warn(durable);
      }
      this.#decideFrom = decideFrom ?? (mode === 'replay' ? Number.NEGATIVE_INFINITY : clock.now() - 2 * this.settings.step);
      if (mode !== 'replay') this.#secret = await secretOf(store);
      const chain = mode === 'replay' ? undefined : await readKeys(store, (error) => this.#unreadable(error));
      this.#parts = assemble(this.#config, this.#services, this.#options, chain ?? seededKeys(this.settings.seed));
      this.#laps = new Laps(this.#parts.meter);
      this.#persistence = new Persistence(this.#parts, durable, chain);
      const { journal, ingest } = this.#parts;
      if (durable) journal.wanted = true;
      this.#untold = await this.#persistence.restore();
      this.#parts.failures.begin();
      if (!Number.isNaN(ingest.next)) this.#tellStart(ingest.next);
      if (mode !== 'replay') this.#lifecycle.opened({ name: 'alerts', ...this.#startAlerts(durable) });
      // Opened last, so closed first: what was learnt is saved while everything still stands.
      this.#lifecycle.opened({ name: 'checkpoint', close: () => this.#finish(durable) });
    });
  }

  #startAlerts(durable: boolean): { close(): Promise<void> } {
    const { alerts, store, clock, logger, meter } = this.#parts as Parts;
    const { giveUp, groupBy } = this.settings.alerts;
    const kept = durable ? store : undefined;
    return alerts.start({ store: kept, clock, logger, meter, limitMs: this.settings.timeLimit, giveUpMs: giveUp, groupBy });
  }

  /** The journal's start line stands at the first step that this engine works on: only then is its time known. */
  #tellStart(step: number): void {
    const journal = this.#parts?.journal;
    if (this.#untold === undefined || !journal) return;
    // After the lines that an earlier run may have left at this step, and apart from those of other starts.
    let place = FIRST_START_LINE + ((this.#lease?.epoch ?? 0) % 400) * 100;
    journal.append({ type: 'start', step, configHash: this.configHash, version: VERSION }, place);
    for (const text of this.#untold) journal.append({ type: 'notice', step, code: 'STATE_UNREADABLE', text }, ++place);
    this.#untold = undefined;
  }

  #unreadable(error: unknown): void {
    const text = `the keys of users could not be read (${(error as Error).message}): users of today count twice`;
    this.#services.get(TOKENS.logger).warn({ code: 'STATE_UNREADABLE' }, text);
  }

  /** Another engine owns the store: this one ends before it decides again. */
  #lose(error: unknown): void {
    this.#lost = error;
    this.#abort.abort();
  }

  #warn(durable: boolean): void {
    const logger = this.#services.get(TOKENS.logger);
    if (!durable)
      logger.warn({ store: this.#config.store.plugin.id }, 'the store does not survive this process: a restart begins from nothing');
    if (this.#options.mode === 'live' && this.#services.get(TOKENS.targets).size === 0)
      logger.warn({}, 'live, but no pool has an actuator: nothing will be ordered');
    for (const used of this.#config.sources) {
      if (used.plugin.capabilities.replayable) continue;
      logger.warn({ source: used.path }, 'this source cannot be read again: what it said after the last checkpoint is lost in a crash');
    }
  }

  run(): Promise<void> {
    this.#run = this.#runOnce();
    return this.#run;
  }

  async #runOnce(): Promise<void> {
    const parts = this.#running();
    const { signal } = this.#abort;
    // With steps of an hour the first may be an hour away: who watches must know before that there is an engine.
    parts.meter.gauge('auspex_started_seconds', parts.clock.now() / 1000);
    parts.meter.gauge('auspex_step_length_seconds', this.settings.step / 1000);
    // What a restart cut short goes on at once; the next step may be a minute away.
    await this.#resumeTraining(parts);
    for await (const _ of parts.ingest.read(signal)) {
      for (;;) {
        const past = this.#nextIsPast(parts);
        if (past === undefined || !(await this.#weightsAreThere(parts, past))) break;
        const closed = parts.ingest.take();
        if (!closed) break;
        // Until the step is whole, what the engine knows fits no checkpoint.
        this.#torn = true;
        if (!(await this.#step(parts, closed, past))) break;
        this.#torn = false;
        await this.#workOn(parts);
        if (this.#steps % BREATHE_STEPS === 0) await breathe();
        if (signal.aborted) break;
      }
      if (signal.aborted) break;
      if (this.#sinceCommit >= CATCH_UP_STEPS) await this.#commit();
    }
    if (this.#lost !== undefined) throw this.#lost;
  }

  #running(): Parts {
    if (this.state === 'running' && this.#parts) return this.#parts;
    throw new AuspexError('LIFECYCLE', `an engine that is ${this.state} cannot do this; start it first`);
  }

  /** Goes on with what a restart cut short. The store knows of the attempt first: a training that ends the process must not do so for ever. */
  async #resumeTraining({ training }: Parts): Promise<void> {
    if (!training.tryAgain()) return;
    this.#persistence?.keepTraining();
    await this.#commit();
    training.work();
  }

  /** Lets a training work beside the steps that follow, as soon as the store knows of it. */
  async #workOn({ training }: Parts): Promise<void> {
    if (training.isFresh) await this.#commit();
    training.work();
  }

  /**
   * Is the next step long past, as all are in a replay? Asked once a step: the clock goes on, and all that waits has to have one answer.
   * Undefined = no step has closed.
   */
  #nextIsPast({ ingest, clock }: Parts): boolean | undefined {
    const next = ingest.peek();
    return next === undefined ? undefined : this.#options.mode === 'replay' || !this.#isRecent(next + this.settings.step, clock.now());
  }

  /**
   * Waits for the weights that are declared for the next step, where that one may wait: between two steps, so that a stop meanwhile
   * leaves nothing half done. False = the engine was told to stop.
   */
  async #weightsAreThere({ training, ingest }: Parts, past: boolean): Promise<boolean> {
    const declared = training.pending?.declared;
    if (declared === undefined || ingest.next + this.settings.step < declared || !this.#waits(training, past)) return true;
    return training.finished();
  }

  /**
   * A replay and a backlog wait for weights at their declared step, so that they come out the same each time. The present does not wait,
   * nor does what it falls behind by: a training that has seen the present would hold up all that is to be caught up with.
   */
  #waits({ pending }: Training, past: boolean): boolean {
    return this.#options.mode === 'replay' || (past && pending?.present === false);
  }

  /** Puts what is ready into service, tidies up, and begins what is due. False = told to stop while waiting. */
  async #train(parts: Parts, at: number, past: boolean): Promise<boolean> {
    const { training } = parts;
    if (!(await this.#adopt(parts, at, past))) return false;
    this.#persistence?.tidy(at - this.settings.step);
    if (!past && training.reachPresent()) this.#persistence?.keepTraining();
    if (!training.isDue(at)) return true;
    training.begin(at, !past);
    this.#persistence?.keepTraining();
    return this.#adopt(parts, at, past);
  }

  async #adopt({ training, journal, logger }: Parts, at: number, past: boolean): Promise<boolean> {
    const { pending } = training;
    if (!pending || at < pending.declared) return true;
    if (this.#waits(training, past) && !(await training.finished())) return false;
    for (const trained of training.settle(at)) {
      if (trained.artifact) this.#persistence?.keepArtifact(trained.name, trained.at, trained.artifact);
      this.#persistence?.keepTraining();
      const notice = noticeOf(trained);
      if (notice) journal.append({ type: 'notice', step: at, ...notice });
      else logger.debug({ predictor: trained.name }, `${trained.name}: training gave no new weights`);
      training.report(trained);
    }
    return true;
  }

  /** False = told to stop in its middle: it is torn, and done anew by the next start. */
  async #step(parts: Parts, closed: ClosedStep, past: boolean): Promise<boolean> {
    const { cycle, training, clock } = parts;
    const persistence = this.#persistence as Persistence;
    const at = closed.step + this.settings.step;
    if (clock instanceof VirtualClock) clock.advance(at);
    training.firstStep ??= closed.step;
    this.#tellStart(closed.step);
    const laps = this.#laps as Laps;
    laps.begin();
    const taken = cycle.take(cycle.reshape(closed));
    persistence.keepUsage(taken.usage, closed);
    cycle.learn(taken);
    if (!(await this.#train(parts, at, past))) return false;
    laps.lap('learn');
    const forecasts = await cycle.forecast(at);
    laps.lap('forecast');
    this.#sinceCommit++;
    this.#steps++;
    const decides = at >= this.#decideFrom && this.#isTimely(at, clock.now());
    // A replay has no operator, and nobody holds what is past.
    if (decides && this.#options.mode !== 'replay' && this.#isRecent(at, clock.now())) {
      // Together: a store that is slow is asked once a step.
      await Promise.all([parts.holds.read(at), parts.alerts.readSilences(parts.store)]);
    }
    const decisions = decides ? await cycle.decide(at, forecasts) : [];
    if (decides) {
      // Of days that a shadow decides afterwards nobody wants to hear.
      cycle.watch(at, decisions, this.#options.mode === 'shadow' && !this.#isRecent(at, clock.now()));
      cycle.tellFailures(at);
    } else if (this.#options.mode === 'live' && at >= this.#decideFrom) {
      // Behind, and so without an order: that is what somebody has to know.
      cycle.watch(at, []);
    }
    laps.lap('decide');
    // Durable before anything is ordered, and before anybody is told; what only learns is as durable. A backlog may wait for the next commit.
    if ((decides && this.#options.mode === 'live') || this.#isRecent(at, clock.now())) await this.#commit();
    laps.lap('commit');
    // A store that was slow has had its time from the decision, too.
    if (decides && this.#isTimely(at, clock.now())) await cycle.act(decisions, this.#lease?.epoch ?? 0);
    else if (decides) cycle.tellStale(at, clock.now());
    cycle.tellFailures(at);
    laps.lap('act');
    if (this.#options.mode !== 'replay') parts.meter.gauge('auspex_lag_seconds', (clock.now() - at) / 1000);
    parts.meter.gauge('auspex_last_step_seconds', clock.now() / 1000);
    parts.meter.count('auspex_steps_total');
    parts.taps.meter(parts.meter);
    training.meter(at);
    this.#options.onStep?.(closed.step, closed.missing);
    return true;
  }

  /** What is long past is learnt from, never ordered: after a stall as after a start. A replay lives in its own time. */
  #isTimely(at: number, now: number): boolean {
    if (this.#options.mode === 'replay') return true;
    if (this.#options.mode === 'shadow' && this.#options.decideFrom !== undefined) return true;
    return this.#isRecent(at, now);
  }

  #isRecent(at: number, now: number): boolean {
    return at > now - 2 * this.settings.step;
  }

  async #commit(everything = false): Promise<void> {
    this.#sinceCommit = 0;
    await this.#lease?.renew();
    await this.#persistence?.commit(everything);
  }

  /** Saves what was learnt, unless a step broke in the middle: then the last commit is where the next start goes on. */
  async #finish(durable: boolean): Promise<void> {
    if (!this.#torn && this.#lost === undefined) await this.#commit(durable);
  }

  stop(): void {
    this.#abort.abort();
  }

  async checkpoint(): Promise<void> {
    this.#running();
    await this.#commit(true);
  }

  async close(): Promise<void> {
    this.#abort.abort();
    // The step that is under way ends first; whoever called `run` is told of its failure.
    await this.#run?.catch(() => undefined);
    await this.#lifecycle.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  groups(): readonly string[] {
    return [...(this.#parts?.cycle.groups.all.keys() ?? [])];
  }

  profile(group: string): BehaviorProfile | undefined {
    const state = this.#parts?.cycle.groups.all.get(group);
    const profile = state && this.#parts?.profile.profile(group);
    const learnt = this.#parts?.learn.sensitivity(group) ?? 1;
    return profile && { ...profile, correlated: state.correlated, sensitivity: profile.sensitivity * learnt };
  }

  counts(): EngineCounts {
    const sum = { events: 0, late: 0, malformed: 0, ahead: 0, steps: this.#steps };
    for (const { counts } of this.#parts?.ingest.shards.values() ?? []) {
      sum.events += counts.events;
      sum.late += counts.late;
      sum.malformed += counts.malformed;
      sum.ahead += counts.ahead;
    }
    return sum;
  }
}

/** The secret of a store: made once, so that a user counts as the same after a restart. */
async function secretOf(store: Store): Promise<string> {
  const present = await store.get(KEYS.secret);
  if (present) return new TextDecoder().decode(present);
  const secret = newSecret();
  await store.batch([{ type: 'put', key: KEYS.secret, value: new TextEncoder().encode(secret) }]);
  return secret;
}
