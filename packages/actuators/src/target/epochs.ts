import type { PluginStore } from '@auspex/contracts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The highest epoch that ordered a pool, in the plugin's corner of the store: every instance on that store sees it, so a leader that was paused and comes
 * back is refused also where the target keeps no epoch itself.
 */
export class Epochs {
  readonly #store: PluginStore;

  constructor(store: PluginStore) {
    this.#store = store;
  }

  /** Raises the pool's epoch to `epoch` where it is lower; answers with what then stands there. */
  async raise(pool: string, epoch: number): Promise<number> {
    const key = `epoch/${pool}`;
    for (;;) {
      const bytes = await this.#store.get(key);
      const held = bytes === undefined ? Number.NEGATIVE_INFINITY : Number(decoder.decode(bytes));
      if (held >= epoch) return held;
      if (await this.#store.compareAndSet(key, bytes, encoder.encode(String(epoch)))) return epoch;
    }
  }
}
