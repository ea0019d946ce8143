import type { Clock, Restored } from '@auspex/contracts';
import { Endpoints } from '../metric/endpoints.ts';
import { type ScalerOptions, startScaler } from './server.ts';
import type { KedaTarget } from './target.ts';

const scalers = new Endpoints<ScalerOptions>(startScaler);

/** What KEDA asks, in the lease keeper's process: serves what stands at the ScaledObjects, as long as it holds. */
export class Scaler {
  readonly #target: KedaTarget;
  readonly #options: ScalerOptions;
  readonly #clock: Clock;
  #joined: ReturnType<typeof scalers.join> | undefined;

  constructor(target: KedaTarget, options: ScalerOptions, clock: Clock) {
    this.#target = target;
    this.#options = options;
    this.#clock = clock;
  }

  /** Looks at the pool's ScaledObject; from the first look on KEDA is answered. Tells once that what was ordered has run out. */
  async look(pool: string, signal: AbortSignal): Promise<Restored | undefined> {
    const { published } = (await this.#join()).endpoint;
    const { object, ref, mark } = await this.#target.record(pool, signal);
    if (!mark) {
      published.withdraw(pool);
      return undefined;
    }
    const until = this.#target.until(mark);
    const known = published.held(pool);
    if (until > this.#clock.now()) {
      if (known?.units !== mark.units || known.step !== mark.step) published.publish(pool, { mark, until, clock: this.#clock });
      return undefined;
    }
    published.withdraw(pool);
    await this.#target.scale(pool, { units: 0, status: { object, ref, units: mark.units, ready: 0 } }, signal);
    return { pool, from: mark.units, units: 0, expired: until };
  }

  async close(): Promise<void> {
    const joined = this.#joined;
    this.#joined = undefined;
    // One that never listened has nothing to leave.
    await (await joined?.catch(() => undefined))?.leave();
  }

  async #join(): ReturnType<typeof scalers.join> {
    this.#joined ??= scalers.join(JSON.stringify(this.#options), this.#options);
    try {
      return await this.#joined;
    } catch (error) {
      this.#joined = undefined;
      throw error;
    }
  }
}
