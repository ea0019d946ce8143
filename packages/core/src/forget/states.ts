import type { Usage } from '@auspex/contracts';
import { KEYS } from '../persistence/keys.ts';
import type { Opened } from './open.ts';
import { Redaction } from './redact.ts';
import type { Findings, Forgettable } from './report.ts';
import type { UserTrace } from './user.ts';

const TODAY = 'may hold hashes of the users of today; once the key of the day is gone, nobody can be found in them';
const REGISTERS = 'is counted in registers, which cannot lose one user; once the key of its day is gone, nobody can be found in them';

/**
 * Takes the user or group out of what is in memory.
 *
 * @returns whether something has changed, so that states have to be written, and the keys of those that go
 */
export function forgetStates(
  opened: Opened,
  what: Forgettable,
  trace: UserTrace | undefined,
  findings: Findings,
): { changed: boolean; gone: readonly string[] } {
  const before = findings.total;
  forgetOpen(opened, what, trace, findings);
  forgetEnriched(opened, what, findings);
  if (trace) forgetProfiled(opened, trace, findings);
  const gone = 'group' in what ? forgetGroup(opened, what.group, findings) : [];
  return { changed: findings.total > before, gone };
}

function forgetOpen({ parts }: Opened, what: Forgettable, trace: UserTrace | undefined, findings: Findings): void {
  for (const shard of parts.ingest.shards.values()) {
    if ('group' in what) findings.erased.openUsage += shard.forgetGroup(what.group);
    else for (const usage of shard.openUsage()) if (removed(usage, trace as UserTrace, findings)) findings.erased.openUsage++;
  }
}

/** Takes the user out of one usage, and notes where the user may be hidden in registers. */
export function removed(usage: Usage, trace: UserTrace, findings: Findings): boolean {
  const { removed: done, merged } = trace.removeFrom(usage);
  if (merged) findings.keep('usage', REGISTERS, 1);
  return done;
}

function forgetEnriched({ parts }: Opened, what: Forgettable, findings: Findings): void {
  for (const shard of parts.ingest.shards.values()) {
    const { changed, unable } = parts.enrich.forget(shard.enricherStates, what);
    findings.erased.enricherStates += changed.length;
    for (const { name, why } of unable) findings.keep(`enricher ${name}`, `cannot forget: ${why}`);
  }
}

function forgetProfiled({ parts }: Opened, trace: UserTrace, findings: Findings): void {
  const { profile, cycle, ingest, detect } = parts;
  if (Number.isNaN(ingest.next)) return;
  // In a form of their own: one that tells new users from known ones holds today's.
  if ([...detect.known].length > 0) findings.keep('states of detectors', TODAY);
  const hashes = trace.until(ingest.next);
  for (const group of cycle.groups.all.keys()) {
    const before = profile.encode(group);
    const { able, merged } = profile.forgetUsers(group, hashes);
    if (!able) findings.keep(`profiler ${profile.name}`, 'cannot forget users');
    if (merged) findings.keep('profiles', REGISTERS, 1);
    const after = profile.encode(group);
    if (before && after && Buffer.compare(before, after) !== 0) findings.erased.profiles++;
  }
}

function forgetGroup({ parts, persistence }: Opened, group: string, findings: Findings): string[] {
  const { known, series, members, correlations, leaders, learners } = parts.cycle.forgetGroup(group);
  findings.erased.memberships += members;
  findings.erased.correlations += correlations;
  findings.erased.leaders += leaders;
  findings.erased.learnerStates += learners.changed.length;
  for (const name of learners.unable) findings.keep(`learner ${name}`, 'cannot forget groups');
  if (known) findings.erased.profiles++;
  findings.erased.series += series.length;
  const redaction = new Redaction(group);
  const alerts = parts.alerts.forget(group, (value) => redaction.of(value));
  findings.erased.alerts += alerts.count;
  const states = series.flatMap((id) => [KEYS.series(id), KEYS.detect(id)]);
  const gone = [...(known ? [KEYS.profile(group)] : []), ...states];
  persistence.keep(alerts.writes);
  persistence.drop(gone);
  return gone;
}
