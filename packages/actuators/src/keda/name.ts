/** Name of a pool's metric, as KEDA is told it; in its HPA the number of the trigger stands before it: `s0-auspex-web`. */
export function metricName(pool: string): string {
  return `auspex-${pool.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
}
