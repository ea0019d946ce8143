import { beginFleet } from '../replay/run.ts';
import type { Candidate } from './candidates.ts';
import { policyOf, type Seat } from './policy.ts';
import type { RecordedDemand } from './recorded.ts';

/** What one pool had under one policy, a step an entry. */
export interface Simulated {
  readonly supply: Float64Array;
  readonly ordered: Float64Array;
}

/**
 * Runs a candidate on the recorded demand with the replay's fleets, without the engine: in an open loop neither demand nor forecasts depend on
 * who decides, and a baseline has no guard that binds. Step for step it orders what the engine does (`test/sweep.test.ts`).
 */
export function simulate(candidate: Candidate, demand: RecordedDemand): Simulated[] {
  const { recording, pools, input, seen, begin } = demand;
  const { from, steps, stepMs } = recording;
  const policy = policyOf(candidate, demand);
  const fleets = pools.map((pool, p) => beginFleet(pool, recording.pools[p]?.history.begin ?? 0, input, from));
  const runs = pools.map((): Simulated => ({ supply: new Float64Array(steps), ordered: new Float64Array(steps) }));
  const actual = pools.map(() => 0);
  for (let i = 0; i < steps; i++) {
    const at = from + i * stepMs;
    if (i >= begin) {
      const seats = fleets.map((fleet, p): Seat => {
        const rate = seen[p]?.[i] as number;
        if (!Number.isNaN(rate)) actual[p] = rate;
        return { units: fleet.ordered, ready: fleet.ready(at), seen: rate, actual: actual[p] as number };
      });
      policy(i, at, seats).forEach((units, p) => {
        fleets[p]?.order(at, units);
      });
    }
    fleets.forEach((fleet, p) => {
      const run = runs[p] as Simulated;
      run.supply[i] = fleet.ready(at);
      run.ordered[i] = fleet.ordered;
    });
  }
  return runs;
}
