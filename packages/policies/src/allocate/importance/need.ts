import type { PoolView, Reason, Tier } from '@auspex/contracts';

/** What an allocator wants for a pool before any bound or limit: whole units, and how its groups divide them. */
export interface Need {
  readonly view: PoolView;
  readonly units: number;
  readonly tier: Tier;
  readonly reasons: readonly Reason[];
  /** As `Proposal.settled`. */
  readonly settled?: boolean;
  /** Demand of each group of `view.groups`, in any common unit: only the ratios count. */
  readonly weights: readonly number[];
}
