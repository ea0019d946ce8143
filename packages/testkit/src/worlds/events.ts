import type { UsageEvent } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import type { WorldStep } from './world.ts';

export interface EventOptions {
  /** Groups of users, the largest first: the n-th is an n-th of the first. Default `web`, `app`, `partner`. */
  readonly groups?: readonly string[];
  /** Points of presence, used alike. Default the only one, ''. */
  readonly pops?: readonly string[];
  /** Users a group. Default 200. */
  readonly users?: number;
  /** Most attempts of one request. The n-th comes 2^(n-1) seconds after the one before. Default 3. */
  readonly attempts?: number;
  /** Equal seeds give equal events. Default `events`. */
  readonly seed?: string;
}

/**
 * The requests of a world, in order of time: Poisson arrivals by group, each with a user, an outcome and the number of its
 * attempt. Steps that were not recorded give none.
 *
 * There is one event a request: with 100 requests a second an hour has 360,000. Give worlds for events a small `scale`.
 */
export function events(world: readonly WorldStep[], stepMs: number, options: EventOptions = {}): UsageEvent[] {
  const { groups = ['web', 'app', 'partner'], pops = [''], users = 200, attempts = 3, seed = 'events' } = options;
  const random = new SeededRandom(seed);
  const weight = groups.reduce((sum, _, n) => sum + 1 / (n + 1), 0);
  const made: UsageEvent[] = [];
  for (const step of world) {
    if (step.truth === 'missing') continue;
    for (const [n, group] of groups.entries()) {
      const arrivals = random.poisson((step.demand * (stepMs / 1000)) / (n + 1) / weight);
      for (let i = 0; i < arrivals; i++) {
        const pop = pops[random.below(pops.length)] as string;
        const user = `${group}-${random.below(users)}`;
        const resource = `/${group}/${random.below(8)}`;
        let at = step.step + random.below(stepMs);
        for (let attempt = 1; attempt <= attempts; attempt++) {
          const served = random.next() >= (step.refused ?? 0);
          made.push({ at, kind: 'request', group, pop, user, resource, attempt, outcome: served ? 'served' : (step.outcome ?? 'failed') });
          if (served) break;
          at += 1000 * 2 ** (attempt - 1);
        }
      }
    }
  }
  return made.sort((a, b) => a.at - b.at);
}
