import { Refused } from '../target/index.ts';
import type { Policy } from './client.ts';
import type { AwsPool } from './config.ts';

/**
 * Who else moves the count.
 *
 * @returns a word on what acts beside Auspex; undefined where nothing does
 * @param raise more units are to be set, not fewer
 * @throws Refused where Auspex may not set it
 */
export function weigh(policies: readonly Policy[], name: string, { set, scaleIn }: AwsPool, raise: boolean): string | undefined {
  const acting = policies.filter(({ kind }) => kind !== 'idle');
  const named = (list: readonly Policy[]): string => list.map((policy) => policy.name).join(', ');
  if (set === 'desired') {
    if (acting.length === 0) return undefined;
    throw new Refused(
      `the desired count of ${name} is set by its scaling policies (${named(acting)}): use set: 'min', which leaves it to them, or remove them`,
    );
  }
  const dynamic = acting.filter(({ kind }) => kind === 'dynamic');
  if (raise && dynamic.length === 0 && scaleIn === 'policies') {
    throw new Refused(
      `${name} has no dynamic scaling policy: a raised minimum adds units, and nothing would take them out again. Add a policy, use set: 'desired', or say scaleIn: 'elsewhere'`,
    );
  }
  const predictive = acting.filter(({ kind }) => kind === 'predictive');
  return predictive.length > 0 ? `predictive scaling acts too (${named(predictive)})` : undefined;
}
