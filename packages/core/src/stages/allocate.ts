import type { AllocateInput, Allocator, PoolView, Proposal } from '@auspex/contracts';
import { atOnce } from './answer.ts';
import type { Failures } from './failures.ts';

/** Asks the allocator for all pools; a pool without a usable proposal keeps its units, and the trail says so. */
export class AllocateStage {
  readonly #name: string;
  readonly #allocator: Allocator;
  readonly #failures: Failures;
  #state: unknown;

  constructor(name: string, allocator: Allocator, failures: Failures) {
    this.#name = name;
    this.#allocator = allocator;
    this.#failures = failures;
    this.#state = allocator.begin();
  }

  /** One proposal a pool, in the order of the pools. The allocator sees a copy, and changing that is a failure; surges are shared with it, and read before. */
  allocate(input: AllocateInput): Proposal[] {
    let proposals: readonly Proposal[] = [];
    let failure = '';
    try {
      const shown = copyOf(input);
      proposals = atOnce(this.#allocator.allocate(this.#state, shown), 'allocate');
      if (isChanged(shown, input)) throw new Error('changed the input that it was given');
      if (!Array.isArray(proposals)) throw new Error('returned no list of proposals');
    } catch (error) {
      failure = (error as Error).message;
      for (const view of input.pools) this.#failures.report('allocate', this.#name, view.pool.id, error, 'its units stay as they are');
    }
    return input.pools.map((view) => {
      const proposal = proposals.find((candidate) => candidate?.pool === view.pool.id);
      const wrong = failure || this.#wrong(proposal);
      if (proposal && !wrong) {
        this.#failures.recovered('allocate', this.#name, view.pool.id);
        return proposal;
      }
      if (!failure) this.#failures.report('allocate', this.#name, view.pool.id, new Error(wrong), 'its units stay as they are');
      return this.#hold(view, wrong);
    });
  }

  #wrong(proposal: Proposal | undefined): string {
    if (!proposal) return 'made no proposal';
    if (!Number.isFinite(proposal.units) || proposal.units < 0) return `proposed ${proposal.units} units`;
    return Array.isArray(proposal.reasons) && proposal.reasons.length > 0 ? '' : 'gave no reason';
  }

  #hold(view: PoolView, why: string): Proposal {
    return {
      pool: view.pool.id,
      units: view.units,
      tier: 'none',
      reasons: [{ by: `allocate(${this.#name})`, units: view.units, text: `failed (${why}): ${view.units} units stay` }],
    };
  }

  /** Nothing where it cannot be written: then it begins from nothing after a restart. */
  encode(): Uint8Array {
    try {
      return atOnce(this.#allocator.encode(this.#state), 'encode');
    } catch (error) {
      this.#failures.report('allocate', this.#name, 'state', error, 'after a restart it begins from nothing', 'encode');
      return new Uint8Array(0);
    }
  }

  decode(bytes: Uint8Array): void {
    try {
      this.#state = this.#allocator.decode(bytes);
    } catch (error) {
      this.#failures.report('allocate', this.#name, 'state', error, 'it could not be read and begins again from nothing');
    }
  }
}

function copyOf(input: AllocateInput): AllocateInput {
  const pools = input.pools.map((view) => ({
    ...view,
    forecast: { ...view.forecast, quantiles: view.forecast.quantiles.slice() },
    groups: view.groups.map(({ surge, expectedAtLead }) => ({ surge, expectedAtLead })),
  }));
  return { ...input, pools, popLimits: { ...input.popLimits }, ...(input.budget && { budget: { ...input.budget } }) };
}

/** Freezing ten thousand groups would cost more than the rest of the step: they are compared instead. */
function isChanged(shown: AllocateInput, input: AllocateInput): boolean {
  const other = (a: object, b: object, nested: string): boolean =>
    Object.entries(a).some(([key, value]) => key !== nested && key !== 'forecast' && (b as Record<string, unknown>)[key] !== value);
  if (shown.pools.length !== input.pools.length || other(input.popLimits, shown.popLimits, '')) return true;
  if (other(input.budget ?? {}, shown.budget ?? {}, '')) return true;
  return input.pools.some((view, index) => {
    const seen = shown.pools[index] as PoolView;
    if (other(view, seen, 'groups') || other(view.forecast, seen.forecast, 'quantiles')) return true;
    if (view.forecast.quantiles.some((value, at) => value !== seen.forecast.quantiles[at])) return true;
    if (view.groups.length !== seen.groups.length) return true;
    for (let at = 0; at < view.groups.length; at++) {
      const [a, b] = [view.groups[at], seen.groups[at]] as [PoolView['groups'][number], PoolView['groups'][number]];
      if (a.surge !== b.surge || a.expectedAtLead !== b.expectedAtLead) return true;
    }
    return false;
  });
}
