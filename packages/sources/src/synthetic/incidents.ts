import type { Outcome } from '@auspex/contracts';
import type { SeededRandom } from '@auspex/numerics';
import type { Label } from './world.ts';

const OUTCOMES: Readonly<Record<string, Exclude<Outcome, 'served'>>> = { outage: 'failed', throttling: 'throttled', slow: 'timed-out' };

/** What goes wrong, by instant and group. */
export class Incidents {
  readonly #refusing: readonly Label[];
  readonly #silent: readonly Label[];

  constructor(labels: readonly Label[]) {
    const incidents = labels.filter(({ what }) => what === 'incident');
    this.#refusing = incidents.filter(({ kind }) => kind !== 'not-recorded');
    this.#silent = incidents.filter(({ kind }) => kind === 'not-recorded');
  }

  /** How an attempt of a group ends. */
  outcome(group: string, at: number, random: SeededRandom): Outcome {
    for (const { from, to, groups, size, kind } of this.#refusing) {
      if (at >= from && at < to && groups.includes(group) && random.next() < size) return OUTCOMES[kind] ?? 'failed';
    }
    return 'served';
  }

  /** The parts of [from, to) that nobody recorded. */
  gaps(from: number, to: number): { from: number; to: number }[] {
    return this.#silent
      .filter((one) => one.from < to && one.to > from)
      .map((one) => ({ from: Math.max(from, one.from), to: Math.min(to, one.to) }));
  }
}
