import { Refused, Unavailable } from '../target/index.ts';
import type { Power } from './client.ts';
import type { Entry } from './ledger.ts';

/** A host as it is found, with what is known of it. */
export interface Host {
  readonly system: string;
  readonly entry: Entry;
  readonly power: Power | undefined;
  readonly healthy: boolean;
  /** Its BMC has never answered: `silent` where nothing else tells whether it is on, `asked` where the host itself does. */
  readonly unseen?: 'silent' | 'asked';
  /** Why its BMC cannot be asked. */
  readonly problem?: Error;
}

/** On, or told to be. With a BMC that does not answer: only where the host itself does. */
export function isUnit({ entry, problem, healthy }: Host): boolean {
  return (entry.state === 'on' || entry.state === 'starting') && (!problem || healthy);
}

/** No unit as far as one can see, and perhaps on: its BMC does not answer. What a floor goes back to must not be too low by it. */
export function mayBeOn(host: Host): boolean {
  const { entry, problem, unseen } = host;
  const was = entry.state === 'on' || entry.state === 'starting' || entry.pending === true;
  return problem !== undefined && !isUnit(host) && (unseen === 'silent' || was);
}

export function isReady({ power, healthy, problem }: Host): boolean {
  return healthy && (power === 'On' || problem !== undefined);
}

/** Why it is not known whether too many are on. */
export function unreached(hosts: readonly Host[]): Unavailable {
  return new Unavailable(`the floor has run out, and these may still be on: ${hosts.map(({ problem }) => problem?.message).join('; ')}`);
}

/** Why nothing is known of a pool: no BMC of it can be asked. */
export function silent(hosts: readonly Host[]): Error {
  const problems = hosts.map(({ problem }) => problem as Error);
  const refused = problems.find((problem) => problem instanceof Refused);
  return (
    refused ?? (problems[0] instanceof Unavailable ? problems[0] : new Unavailable(String(problems[0]?.message), { cause: problems[0] }))
  );
}
