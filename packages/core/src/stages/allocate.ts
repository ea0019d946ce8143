import type { AllocateInput, Allocator, PoolView, Proposal } from '@auspex/contracts';
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

  /** One proposal a pool, in the order of the pools. */
  allocate(input: AllocateInput): Proposal[] {
    let proposals: readonly Proposal[] = [];
    let failure = '';
    try {
      proposals = this.#allocator.allocate(this.#state, input);
      if (!Array.isArray(proposals)) throw new Error('returned no list of proposals');
    } catch (error) {
      failure = (error as Error).message;
      for (const view of input.pools) this.#failures.report('allocate', this.#name, view.pool.id, error, 'its units stay as they are');
    }
    return input.pools.map((view) => {
      const proposal = proposals.find((candidate) => candidate.pool === view.pool.id);
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

  encode(): Uint8Array {
    return this.#allocator.encode(this.#state);
  }

  decode(bytes: Uint8Array): void {
    try {
      this.#state = this.#allocator.decode(bytes);
    } catch (error) {
      this.#failures.report('allocate', this.#name, 'state', error, 'it could not be read and begins again from nothing');
    }
  }
}
