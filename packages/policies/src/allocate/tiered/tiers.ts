import type { PoolView } from '@auspex/contracts';
import type { TierRule } from './config.ts';

/** A group's part in a pool: its share of the expected demand and the factor of its tier. */
export interface GroupFactor {
  readonly group: string;
  readonly probability: number;
  /** Of the demand expected at the lead time, 0..1. */
  readonly share: number;
  readonly factor: number;
  /** Index of its tier; -1 = none. */
  readonly tier: number;
}

/** Index of the tier of a surge probability: the highest whose `above` is below it, strictly as in the seed; -1 = none. */
export function tierOf(tiers: readonly TierRule[], probability: number): number {
  return tiers.findLastIndex((rule) => probability > rule.above);
}

/** Each group's share and factor. Where nothing at all is expected the groups count alike. */
export function groupFactors(tiers: readonly TierRule[], groups: PoolView['groups']): GroupFactor[] {
  const total = groups.reduce((sum, { expectedAtLead }) => sum + expectedAtLead, 0);
  return groups.map(({ surge, expectedAtLead }) => {
    const tier = tierOf(tiers, surge.probability);
    const share = total > 0 ? expectedAtLead / total : 1 / groups.length;
    return { group: surge.group, probability: surge.probability, share, factor: tiers[tier]?.factor ?? 1, tier };
  });
}
