import type { Clock } from '@auspex/contracts';

/** How long a series that crashed the plugin alone is not asked, ms of the engine's time. */
export const QUARANTINE = 600_000;

/**
 * Finds the series that crashes a plugin among those that were asked together when it crashed. Each crash splits its group in
 * two; a group that is answered is cleared. A series that crashed it alone, and not for the first time, is put in quarantine.
 */
export class Suspects {
  readonly #clock: Pick<Clock, 'now'>;
  /** Groups of ids, the one whose crash is longest ago first: what was not tried yet comes before what just failed. */
  #groups: string[][] = [];
  readonly #crashes = new Map<string, number>();
  readonly #until = new Map<string, number>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Is this series not to be asked at present? */
  quarantined(id: string): boolean {
    const until = this.#until.get(id);
    if (until === undefined) return false;
    if (this.#clock.now() < until) return true;
    this.#until.delete(id);
    // It is tried again alone, and after all others.
    this.#groups.push([id]);
    return false;
  }

  /** Parts series into those above suspicion and the groups of suspects, in the order in which to ask them. */
  split<T extends { readonly id: string }>(asked: readonly T[]): { readonly innocent: T[]; readonly groups: T[][] } {
    if (this.#groups.length === 0) return { innocent: [...asked], groups: [] };
    const byId = new Map(asked.map((one) => [one.id, one]));
    const groups = this.#groups.map((ids) => ids.flatMap((id) => byId.get(id) ?? []));
    const suspected = new Set(this.#groups.flat());
    return { innocent: asked.filter(({ id }) => !suspected.has(id)), groups: groups.filter((group) => group.length > 0) };
  }

  /** These were asked together and answered. */
  cleared(ids: readonly string[]): void {
    if (this.#groups.length === 0) return;
    const well = new Set(ids);
    this.#groups = this.#groups.map((group) => group.filter((id) => !well.has(id))).filter((group) => group.length > 0);
    for (const id of ids) this.#crashes.delete(id);
  }

  /** The plugin crashed while it was asked for these. Returns the id that is in quarantine from now on, if it is found. */
  crashed(ids: readonly string[]): string | undefined {
    const these = new Set(ids);
    this.#groups = this.#groups.map((group) => group.filter((id) => !these.has(id))).filter((group) => group.length > 0);
    for (const id of ids) this.#crashes.set(id, (this.#crashes.get(id) ?? 0) + 1);
    const [only] = ids;
    if (ids.length === 1 && only !== undefined && (this.#crashes.get(only) as number) > 1) {
      this.#until.set(only, this.#clock.now() + QUARANTINE);
      return only;
    }
    const half = Math.ceil(ids.length / 2);
    this.#groups.push(...[ids.slice(0, half), ids.slice(half)].filter((group) => group.length > 0));
    return undefined;
  }
}
