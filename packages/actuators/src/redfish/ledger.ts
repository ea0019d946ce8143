import { z } from 'zod';
import type { Power } from './client.ts';

const entry = z.strictObject({
  /** starting: told to be on, not ready yet; stopping: told to be off, still on; left: somebody else's until `until`. */
  state: z.enum(['on', 'off', 'starting', 'stopping', 'left']),
  /** Who made it so. */
  by: z.enum(['auspex', 'found', 'other']),
  /** Since when, epoch ms. */
  since: z.number(),
  until: z.number().optional(),
  /** Auspex is about to change it, or asked and had no answer: it is unknown whether that went through. */
  pending: z.boolean().optional(),
  /** It was told to be on and did not come up: it is told to be off before another takes its place. */
  failed: z.boolean().optional(),
  /** Why it is left alone. */
  why: z.string().optional(),
  /** Times at which Auspex turned it on within the last 24 hours, epoch ms. */
  cycles: z.array(z.number()).default([]),
});

export const ledgerShape = z.strictObject({ hosts: z.record(z.string(), entry) });

export type Entry = z.output<typeof entry>;
/** What Auspex remembers of the hosts of a pool, by the address of their ComputerSystem. */
export type Ledger = z.output<typeof ledgerShape>;

/** What is found of a host; no power = its BMC does not answer. */
export interface Found {
  readonly power: Power | undefined;
  /** It serves, or nobody is asked. */
  readonly healthy: boolean;
}

export interface Limits {
  /** Milliseconds, all of them. */
  readonly now: number;
  readonly boot: number;
  readonly handsOff: number;
}

const DAY = 86_400_000;

/** What a host is now, from what it was when it was last noted and what is found. */
export function look(known: Entry | undefined, found: Found, limits: Limits): Entry {
  const { now } = limits;
  const cycles = (known?.cycles ?? []).filter((at) => now - at < DAY);
  if (found.power === undefined) return { ...(known ?? { state: 'off', by: 'found', since: now }), cycles };
  const on = found.power === 'On' || found.power === 'PoweringOn';
  const seen = (by: Entry['by']): Entry => ({ state: on ? 'on' : 'off', by, since: now, cycles });
  if (!known) return seen('found');
  const next = nextOf(known, { on, healthy: found.healthy && found.power === 'On' }, limits);
  if (next === 'anew') return seen('found');
  if (next === 'foreign') return seen('other');
  return { ...next, cycles };
}

function nextOf(
  known: Entry,
  { on, healthy }: { on: boolean; healthy: boolean },
  { now, boot, handsOff }: Limits,
): Entry | 'anew' | 'foreign' {
  const left = (why: string): Entry => ({ ...known, state: 'left', by: 'other', since: now, until: now + handsOff, why });
  const { pending, ...rest } = known;
  /** What was asked for and not answered came true. */
  const settled = (state: Entry['state']): Entry => ({ ...rest, state, by: 'auspex', since: now });
  switch (known.state) {
    case 'on':
      if (on) return known;
      return pending ? settled('off') : left('somebody or something powered it off');
    case 'off':
      if (!on) return known;
      return pending ? settled('starting') : 'foreign';
    case 'starting':
      if (on && healthy) return { ...known, state: 'on' };
      return now - known.since < boot ? known : { ...left('it did not come up'), failed: true };
    case 'stopping':
      return on ? known : { ...known, state: 'off', since: now };
    case 'left':
      return now < (known.until ?? 0) ? known : 'anew';
  }
}
