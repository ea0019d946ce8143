import type { Clock, Logger, Store, StoreWrite } from '@auspex/contracts';
import { type Catalogue, parseConfig } from '../config/parse.ts';
import type { AuspexConfig } from '../config/schema.ts';
import { nearest } from '../config/suggest.ts';
import { WallClock } from '../defaults/clock.ts';
import { silentLogger } from '../defaults/logger.ts';
import { KEYS, stamp } from '../persistence/keys.ts';
import { boundedName } from '../usage/name.ts';
import { standaloneContext } from '../wiring/standalone.ts';
import { forgetHistory, type Write } from './history.ts';
import { type Opened, openScope } from './open.ts';
import { Findings, type ForgetReport, type Forgettable } from './report.ts';
import { Leases, type Scope, scopesOf } from './scopes.ts';
import { forgetStates } from './states.ts';
import { UserTrace } from './user.ts';

const DAY_MS = 86_400_000;
/** Names shorter than this are found in bytes by chance. */
const LEAST = 3;

export interface ForgetOptions {
  /** Plugins that the config may name by id. Default none. */
  readonly catalogue?: Catalogue;
  /** Counts what would be erased, writes nothing and needs no lease. Default false. */
  readonly dryRun?: boolean;
  readonly host?: {
    /** Replaces the config's store; the host closes it. */
    readonly store?: Store;
    readonly clock?: Clock;
    readonly logger?: Logger;
  };
  /** Ends it between two batches; what is done by then is done. */
  readonly signal?: AbortSignal;
}

/**
 * Erases a user or a group from a config's store: from states, history and journal, of the whole and of every shard. It goes by few
 * batches; broken off, it is run again to finish, and a second run finds nothing.
 *
 * Who comes back begins from nothing. What a pool, a model's weights or a segment has learnt from many it keeps; the report says so.
 *
 * ```ts
 * const report = await forget(config, { user: 'ann@example.com' });
 * ```
 * @throws AuspexError CONFIG_INVALID as `createEngine`; STORE_LOCKED while an engine is at work on the store; STORE_UNREADABLE where
 *   a state cannot be read that would be lost
 */
export async function forget(config: AuspexConfig, what: Forgettable, options: ForgetOptions = {}): Promise<ForgetReport> {
  const { catalogue = [], dryRun = false, host = {}, signal = new AbortController().signal } = options;
  const { clock = new WallClock(), logger = silentLogger } = host;
  const { store: plugin } = parseConfig(config, catalogue);
  const store = host.store ?? plugin.plugin.create(plugin.options as never, standaloneContext({ clock, logger, signal }));
  const leases = new Leases();
  try {
    const scopes = await scopesOf(store);
    if (!dryRun) await leases.acquire(scopes, clock);
    const findings = new Findings();
    const write = async (scope: Scope, writes: readonly StoreWrite[]): Promise<void> => {
      signal.throwIfAborted();
      if (dryRun) return;
      await leases.renew();
      await scope.store.batch(writes);
    };
    for (const scope of scopes) {
      signal.throwIfAborted();
      const opened = await openScope(scope, config, { catalogue, clock, logger, signal });
      try {
        await forgetScope(scope, opened, counted(what), findings, { dryRun, leases, write: (writes) => write(scope, writes) });
      } finally {
        await opened.close();
      }
    }
    return reportOf(what, dryRun, scopes.length, findings);
  } finally {
    await leases.release();
    if (host.store === undefined) await store.close();
  }
}

interface How {
  readonly dryRun: boolean;
  readonly leases: Leases;
  readonly write: Write;
}

async function forgetScope(scope: Scope, opened: Opened, what: Forgettable, findings: Findings, how: How): Promise<void> {
  const { parts, persistence, keys, problems } = opened;
  for (const problem of problems) findings.keep(`states of ${scope.prefix || 'the store'}`, problem);
  for (const group of parts.cycle.groups.all.keys()) findings.groups.add(group);
  const trace = 'user' in what ? new UserTrace(what.user, keys) : undefined;
  const { changed, gone } = forgetStates(opened, what, trace, findings);
  if (changed && !how.dryRun) {
    // All states in one batch, and first: a start after a crash learns nothing again from a history that is half rewritten.
    await how.leases.renew();
    await persistence.commit(true);
  }
  await forgetHistory(scope.store, what, trace, findings, gone, how.write);
  await tellOpaque(scope, opened, what, findings);
  if (trace && Number.isFinite(trace.oldest)) {
    const day = stamp(trace.oldest * DAY_MS).slice(0, 10);
    findings.notes.add(`hashes of users of days before ${day} were made with keys that are gone: nobody can tell whose they are`);
  }
}

/** What plugins wrote in their own form cannot be rewritten here; where the name stands in it, that is told. */
async function tellOpaque({ store, prefix }: Scope, { parts }: Opened, what: Forgettable, findings: Findings): Promise<void> {
  const name = 'user' in what ? what.user : what.group;
  if (name.length < LEAST) return;
  const why = 'holds the name in a form of its own';
  for (const place of ['artifact/', 'plugin/', 'detect/']) {
    for await (const [key, value] of store.scan(place)) {
      if (key.includes(encodeURIComponent(name)) || Buffer.from(value).includes(name)) findings.keep(prefix + key, why);
    }
  }
  for await (const [key, value] of store.scan('learner/')) {
    // Of the others it is told whether they can forget.
    const known = parts.learn.names.some((learner) => KEYS.learner(learner) === key);
    if (!known && Buffer.from(value).includes(name)) findings.keep(prefix + key, 'is of a learner that the config does not have');
  }
  if (Buffer.from(parts.allocate.encode()).includes(name)) findings.keep(`${prefix}${KEYS.checkpoint}, allocator`, why);
}

function reportOf(what: Forgettable, dryRun: boolean, scopes: number, findings: Findings): ForgetReport {
  const name = 'user' in what ? what.user : what.group;
  if ('user' in what && findings.groups.has(name)) findings.keep(`group "${name}"`, 'is a group: forget it as one');
  if ('group' in what && findings.total > 0) {
    findings.notes.add('pools, weights of models and segments have learnt from the group as one of many, and keep that');
  }
  const others = [...findings.groups].filter((group) => group !== name);
  const near = 'group' in what && findings.total === 0 ? nearest(name, others) : undefined;
  return {
    what,
    dryRun,
    scopes,
    erased: { ...findings.erased },
    left: findings.left(),
    notes: [...findings.notes],
    ...(near === undefined ? {} : { near }),
  };
}

/** The name as it is counted. */
function counted(what: Forgettable): Forgettable {
  return 'group' in what ? { group: boundedName(what.group) } : what;
}
