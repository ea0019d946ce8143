import type { Store, StoreWrite, Usage } from '@auspex/contracts';
import { decodeUsage, encodeUsage } from '../persistence/codec.ts';
import { KEYS } from '../persistence/keys.ts';
import { Redaction } from './redact.ts';
import type { Findings, Forgettable } from './report.ts';
import { entries } from './scopes.ts';
import { removed } from './states.ts';
import type { UserTrace } from './user.ts';

/** Records that are read at once, and written in one batch. */
const BATCH = 500;

/** What one record becomes: `undefined` = it stays as it is. */
type Rewrite = (key: string, value: Uint8Array) => StoreWrite | undefined;

/** Writes a batch; in a dry run it does nothing. */
export type Write = (writes: readonly StoreWrite[]) => Promise<void>;

/**
 * Takes the user or group out of what is stored of closed steps, of the journal, and of states that no engine of this config knows.
 *
 * @param gone keys of states that are gone, or would be
 */
export async function forgetHistory(
  store: Store,
  what: Forgettable,
  trace: UserTrace | undefined,
  findings: Findings,
  gone: readonly string[],
  write: Write,
): Promise<void> {
  await rewriteUsage(store, 'usage/', 'closedUsage', what, trace, findings, write);
  await rewriteUsage(store, 'late/', 'lateUsage', what, trace, findings, write);
  if (!('group' in what)) return;
  await rewriteAll(store, 'journal/', redactLine(what.group, findings), write);
  for (const keyOf of [KEYS.series, KEYS.detect]) await rewriteAll(store, keyOf(''), dropSeries(keyOf, what.group, findings, gone), write);
  const profile = KEYS.profile(what.group);
  if (!gone.includes(profile) && (await store.get(profile)) !== undefined) {
    findings.erased.profiles++;
    await write([{ type: 'delete', key: profile }]);
  }
}

async function rewriteAll(store: Store, prefix: string, rewrite: Rewrite, write: Write): Promise<void> {
  let last: string | undefined;
  for (;;) {
    const read = await entries(store, prefix, last ?? prefix, BATCH);
    // The last one of the batch before may be the first of this one.
    const fresh = read.filter(([key]) => key !== last);
    if (fresh.length === 0) return;
    const writes = fresh.flatMap(([key, value]) => rewrite(key, value) ?? []);
    if (writes.length > 0) await write(writes);
    last = fresh.at(-1)?.[0];
  }
}

function rewriteUsage(
  store: Store,
  prefix: string,
  kind: 'closedUsage' | 'lateUsage',
  what: Forgettable,
  trace: UserTrace | undefined,
  findings: Findings,
  write: Write,
): Promise<void> {
  const rewrite: Rewrite = (key, value) => {
    let record: ReturnType<typeof decodeUsage>;
    try {
      record = decodeUsage(value);
    } catch {
      findings.keep('usage', 'cannot be read', 1);
      return undefined;
    }
    const usage = record.usage.filter((each) => !('group' in what && each.group === what.group));
    for (const { group } of usage) findings.groups.add(group);
    const changed = record.usage.length - usage.length + (trace ? removedFrom(usage, trace, findings) : 0);
    if (changed === 0) return undefined;
    findings.erased[kind] += changed;
    // A closed step without usage is known to have been empty; late usage stands for nothing but itself.
    if (usage.length === 0 && kind === 'lateUsage') return { type: 'delete', key };
    return { type: 'put', key, value: encodeUsage(record.step, usage, record.missing, record.ready) };
  };
  return rewriteAll(store, prefix, rewrite, write);
}

function removedFrom(usage: readonly Usage[], trace: UserTrace, findings: Findings): number {
  let count = 0;
  for (const each of usage) if (removed(each, trace, findings)) count++;
  return count;
}

function redactLine(group: string, findings: Findings): Rewrite {
  const redaction = new Redaction(group);
  return (key, value) => {
    const line = new TextDecoder().decode(value);
    let record: unknown;
    try {
      record = JSON.parse(line);
    } catch {
      if (line.includes(group)) findings.keep('journal lines', 'cannot be read', 1);
      return undefined;
    }
    const redacted = redaction.of(record);
    if (redacted === record) return undefined;
    findings.erased.journalLines++;
    return { type: 'put', key, value: new TextEncoder().encode(JSON.stringify(redacted)) };
  };
}

/** Series of the group at pools that the config has no longer. The names of groups may begin with one another. */
function dropSeries(keyOf: (id: string) => string, group: string, findings: Findings, gone: readonly string[]): Rewrite {
  const prefix = keyOf(`${group}@`);
  return (key) => {
    if (!key.startsWith(prefix) || gone.includes(key)) return undefined;
    for (const other of findings.groups) {
      if (other.length > group.length && key.startsWith(keyOf(`${other}@`))) return undefined;
    }
    if (keyOf === KEYS.series) findings.erased.series++;
    return { type: 'delete', key };
  };
}
