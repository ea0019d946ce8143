import { total } from './block.ts';
import { bounded, expectedShare, percent, type Reading, type Surge } from './surge.ts';
import { isCommon, resourceShare, tailOf } from './usual.ts';

/** An event's page comes with as many resources, pictures among them: what is asked for most is no search through the catalogue. */
const PAGE = 8;
/** Rare resources a request below which there are few. */
const FEW = 0.02;
/** Letters of a resource's name that are shown. */
const SHOWN = 60;

interface Excess {
  readonly name: string;
  readonly count: number;
}

/** What was asked for beyond what is usual of so many requests, the most first. */
function excessOf(surge: Surge): { readonly most: Excess[]; readonly of: number; readonly total: number } | undefined {
  const { block, usual } = surge;
  const all = total(block.resources);
  if (all < 1 || usual.resourceTotal < 1) return undefined;
  const expected = all * expectedShare(surge);
  const most = [...block.resources.counts]
    .map(([name, count]) => ({ name, count: count - expected * resourceShare(usual, name) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  return { most, of: Math.max(1, all - expected), total: all };
}

/** So much more than the most common resource an event's page gets, too. */
const CROWDED = 0.25;

/** Share of the resource that is asked for most of what came on top, less the usual share of the most common one. */
export function oneResource(surge: Surge): Reading | undefined {
  const excess = excessOf(surge);
  const first = excess?.most[0];
  if (!excess || !first) return undefined;
  const share = Math.min(1, first.count / excess.of);
  const { most } = tailOf(surge.usual);
  const before = resourceShare(surge.usual, first.name);
  return {
    value: bounded(share - most - CROWDED, 0, 1),
    text: `${percent(share)} of it asks for ${shown(first.name)}, usually ${percent(before)}`,
  };
}

/** Distinct resources of a step that are not common, by requests: a log ratio to what is usual. Who copies a catalogue asks for each once. */
export function breadth(surge: Surge): Reading | undefined {
  const { block, usual } = surge;
  if (total(block.resources) < 1 || usual.rareOf < 1) return undefined;
  const before = usual.rare / usual.rareOf;
  const seen = Math.max(0, block.rare - before * block.expected) / Math.max(1, block.requests - block.expected);
  return {
    value: bounded(Math.log((seen + FEW) / (before + FEW)), 0, 3),
    text: `${percent(Math.min(1, seen))} of its requests ask for a rare resource of their own, usually ${percent(before)}`,
  };
}

/** Share of what came on top that asks for resources that are not common, without the few that are asked for most, less the usual share. */
export function rareResources(surge: Surge): Reading | undefined {
  const excess = excessOf(surge);
  if (!excess) return undefined;
  const { usual, block } = surge;
  const { tail } = tailOf(usual);
  const popular = new Set(excess.most.slice(0, PAGE).map(({ name }) => name));
  let rare = block.resources.other;
  for (const [name, count] of block.resources.counts) if (!popular.has(name) && !isCommon(usual, name)) rare += count;
  const expected = excess.total * expectedShare(surge);
  const share = bounded((rare - expected * tail) / excess.of, 0, 1);
  return { value: bounded(share - tail, 0, 1), text: `${percent(share)} of it asks for rare resources, usually ${percent(tail)}` };
}

/** How much of what came on top is asked for as it usually is: the part that both mixes have in common, 0..1. */
export function asUsual(surge: Surge): number | undefined {
  const excess = excessOf(surge);
  if (!excess) return undefined;
  let common = 0;
  for (const { name, count } of excess.most) common += Math.min(count / excess.of, resourceShare(surge.usual, name));
  return bounded(common, 0, 1);
}

/** A name as an alert may show it: clients choose it, so it is short and has nothing in it that a terminal or a chat would obey. */
function shown(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
  const plain = name.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069<>`*|]/g, '?');
  return plain.length > SHOWN ? `${plain.slice(0, SHOWN)}…` : plain;
}
