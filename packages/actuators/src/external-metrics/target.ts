import { formatDuration, type PluginContext } from '@auspex/contracts';
import type { Endpoint } from '../metric/endpoints.ts';
import type { Workload } from '../metric/workload.ts';
import { Refused, type Scaling, type Status, type Target } from '../target/index.ts';

/** Reads the workload of a pool. @throws Refused, Unavailable */
export type ReadWorkload = (pool: string, signal: AbortSignal) => Promise<Workload>;

/** How long nobody may have asked before it is worth a word, ms. */
const UNASKED_MS = 5 * 60_000;

/**
 * Units as a metric that a scaler asks for. What is published is what is set, while it holds; else the workload's own units. The mark is what is
 * published: it dies with the process, and so does the metric.
 */
export class MetricTarget implements Target {
  readonly #join: () => Promise<{ readonly endpoint: Endpoint; leave(): Promise<void> }>;
  readonly #workload: ReadWorkload;
  readonly #stale: number;
  readonly #context: PluginContext;
  readonly #since = new Map<string, number>();
  #joined: Promise<{ readonly endpoint: Endpoint; leave(): Promise<void> }> | undefined;

  /** @param stale for how long a value holds that has no expiry of its own, ms */
  constructor(
    join: () => Promise<{ readonly endpoint: Endpoint; leave(): Promise<void> }>,
    workload: ReadWorkload,
    stale: number,
    context: PluginContext,
  ) {
    this.#join = join;
    this.#workload = workload;
    this.#stale = stale;
    this.#context = context;
  }

  async status(pool: string, signal: AbortSignal): Promise<Status> {
    // Beside a live engine, a shadow run and `auspex doctor` read, and leave it the address.
    const taken: { by?: Error } = {};
    const endpoint = await this.#endpoint().catch((error: Error) => {
      if ((error.cause as NodeJS.ErrnoException | undefined)?.code !== 'EADDRINUSE') throw error;
      taken.by = error;
      return undefined;
    });
    const { units, ready, most, detail } = await this.#workload(pool, signal);
    const mark = endpoint?.published.held(pool);
    const word = taken.by?.message ?? this.#unasked(pool, endpoint?.published.asked(pool)) ?? detail;
    return {
      units: mark?.units ?? units,
      ready,
      // Without the metric there is no floor at all, however many units others have asked for.
      base: 0,
      ...(most === undefined ? {} : { most }),
      ...(mark && { mark }),
      ...(word === undefined ? {} : { detail: word }),
    };
  }

  async scale(pool: string, { mark }: Scaling, signal: AbortSignal): Promise<void> {
    const { published } = await this.#endpoint();
    if (!mark) return published.withdraw(pool);
    const { clings } = await this.#workload(pool, signal);
    if (mark.expires !== undefined && clings !== undefined) throw new Refused(clings);
    signal.throwIfAborted();
    const { clock } = this.#context;
    if (!this.#since.has(pool)) this.#since.set(pool, clock.now());
    published.publish(pool, { mark, until: mark.expires ?? clock.now() + this.#stale, clock });
  }

  async close(): Promise<void> {
    const joined = this.#joined;
    this.#joined = undefined;
    // One that never listened has nothing to leave.
    await (await joined?.catch(() => undefined))?.leave();
  }

  async #endpoint(): Promise<Endpoint> {
    this.#joined ??= this.#join();
    try {
      return (await this.#joined).endpoint;
    } catch (error) {
      this.#joined = undefined;
      throw error;
    }
  }

  /** A metric that nobody asks for moves nothing, and looks fine. */
  #unasked(pool: string, asked: number | undefined): string | undefined {
    const { clock } = this.#context;
    const since = asked ?? this.#since.get(pool);
    if (since === undefined || clock.now() - since < UNASKED_MS) return undefined;
    const how = asked === undefined ? 'has not asked for it yet' : 'asked for it last';
    return `the HPA controller ${how}${asked === undefined ? '' : ` ${formatDuration(Math.round((clock.now() - asked) / 1_000) * 1_000)} ago`}: does the HPA have the metric, and the cluster the APIService?`;
  }
}
