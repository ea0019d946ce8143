import type { Tally, Usage } from '@auspex/contracts';
import { type Distinct, pack, unpack } from '@auspex/numerics';
import { NUMBERS, TALLIES } from '../usage/fields.ts';

/** A usage without its empty parts: most steps of most groups have no country, feature or session. */
type Compact = Record<string, unknown>;

function compact(usage: Usage): Compact {
  const out: Compact = { step: usage.step, group: usage.group, pop: usage.pop };
  for (const name of NUMBERS) if (usage[name] !== 0) out[name] = usage[name];
  for (const name of [...TALLIES, 'sources'] as const) {
    const tally = usage[name];
    if (tally.counts.size > 0 || tally.other > 0)
      out[name] = [tally.level, tally.other, [...tally.counts.keys()], [...tally.counts.values()]];
  }
  if ('registers' in usage.users) out['registers'] = usage.users.registers;
  else if (usage.users.hashes.size > 0) out['hashes'] = Uint32Array.from(usage.users.hashes);
  if (usage.sessionLengths.length > 0) out['sessionLengths'] = usage.sessionLengths;
  return out;
}

function expand(from: Compact): Usage {
  const tally = (name: string): Tally => {
    const [level, other, keys, values] = (from[name] ?? [0, 0, [], []]) as [number, number, string[], number[]];
    return { level, other, counts: new Map(keys.map((key, i) => [key, values[i] as number])) };
  };
  const number = (name: string): number => (from[name] as number | undefined) ?? 0;
  const registers = from['registers'] as Uint8Array | undefined;
  const users: Distinct = registers
    ? { registers: new Uint8Array(registers) }
    : { hashes: new Set((from['hashes'] ?? []) as Iterable<number>) };
  return {
    step: from['step'] as number,
    group: from['group'] as string,
    pop: from['pop'] as string,
    offered: number('offered'),
    served: number('served'),
    throttled: number('throttled'),
    failed: number('failed'),
    timedOut: number('timedOut'),
    retried: number('retried'),
    work: number('work'),
    bytes: number('bytes'),
    kinds: tally('kinds'),
    resources: tally('resources'),
    features: tally('features'),
    countries: tally('countries'),
    accessLevels: tally('accessLevels'),
    users,
    sources: tally('sources'),
    sessionStarts: number('sessionStarts'),
    sessionEnds: number('sessionEnds'),
    sessionLengths: (from['sessionLengths'] as number[] | undefined) ?? [],
  };
}

/**
 * The usage of one step (or the open usage of several) with what is known of it, as bytes.
 *
 * @param ready units that each pool had ready: whether the step was saturated cannot be told from usage alone
 */
export function encodeUsage(
  step: number,
  usage: readonly Usage[],
  missing = false,
  ready: Readonly<Record<string, number>> = {},
): Uint8Array {
  return pack({ v: 1, step, missing, ready, usage: usage.map(compact) });
}

/** @throws on bytes that hold no usage of this format */
export function decodeUsage(bytes: Uint8Array): {
  step: number;
  usage: Usage[];
  missing: boolean;
  ready: Readonly<Record<string, number>>;
} {
  const read = unpack<{ v: number; step: number; missing: boolean; ready: Record<string, number>; usage: Compact[] }>(bytes);
  if (read?.v !== 1) throw new Error(`usage record of format ${String(read?.v)}; this version reads 1`);
  return { step: read.step, usage: read.usage.map(expand), missing: read.missing, ready: read.ready };
}
