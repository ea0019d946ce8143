import type { Pool } from '@auspex/contracts';
import type { AuspexCandidate } from './candidates.ts';

/** A candidate as the lines of a config that make it, in YAML. */
export function snippetOf({ price, floor, target }: AuspexCandidate, pools: readonly Pool[]): string {
  const lines = ['allocate:', '  use: quantile', `  with: { price: ${price}, floor: ${floor} }`];
  const others = pools.filter((pool) => target !== undefined && pool.target !== target);
  if (others.length > 0) {
    lines.push('pools:');
    for (const { id } of others) lines.push(`  - { id: ${plain(id)}, target: ${target} } # and all else that it has`);
  }
  return `${lines.join('\n')}\n`;
}

/** A name as YAML reads it back. */
function plain(name: string): string {
  return /^[A-Za-z][\w-]*$/.test(name) ? name : JSON.stringify(name);
}
