import { bounded, excessShare, expectedShare, few, percent, type Reading, type Surge } from './surge.ts';

/** Requests of each source of a step that came on top, and what is usual. */
function perSource(surge: Surge): { readonly seen: number; readonly each: number; readonly text: string } | undefined {
  const { block, usual } = surge;
  if (block.sourced < 1 || usual.sources < 1) return undefined;
  const each = usual.sourced / usual.sources;
  const requests = block.sourced * expectedShare(surge);
  const sources = requests / each;
  // As many sources as noise makes of those that were expected are there at least: one attacker among a thousand users is not seen by counting.
  const more = Math.max(0, block.sources - sources) + Math.sqrt(sources) + 0.5;
  const seen = (block.sourced - requests) / more;
  return { seen, each, text: `${few(seen)} requests a source and step, usually ${few(each)}` };
}

/** Up to this log ratio to the usual, people do it, too: who waits for tickets loads a page again and again. */
const BUSY = Math.log(2);
/** And down to this one. */
const IDLE = Math.log(1.5);

/** More requests a source of a step than people make: a log ratio. */
export function manyPerSource(surge: Surge): Reading | undefined {
  const found = perSource(surge);
  return found && { value: bounded(Math.log(found.seen / found.each) - BUSY, 0, 3), text: found.text };
}

/** Fewer than they make, as of a page without its pictures: a log ratio. */
export function fewPerSource(surge: Surge): Reading | undefined {
  const found = perSource(surge);
  return found && { value: bounded(Math.log(found.each / found.seen) - IDLE, 0, 2), text: found.text };
}

/** Below this share a source is not heavy. */
const LIGHT = 0.03;
/** Up to this log ratio a source is as heavy as one of many may be. */
const HEAVY = 0.3;

/** Share of the heaviest source of a step: a log ratio to what is usual. */
export function topSource({ block, usual }: Surge): Reading | undefined {
  if (block.sourced < 1 || usual.sourced < 1) return undefined;
  const [share, before] = [block.top / block.steps, usual.top / usual.steps];
  return {
    value: bounded(Math.log((share + LIGHT) / (before + LIGHT)) - HEAVY, 0, 3),
    text: `the heaviest source of a step made ${percent(share)} of its requests, usually ${percent(before)}`,
  };
}

/** Up to this share more is of gateways, behind which many people are. */
const GATEWAYS = 0.05;

/** Share of requests that heavy sources make beyond what a person might, less the usual one. */
export function heavySources({ block, usual }: Surge): Reading | undefined {
  if (block.heavyOf < 1 || usual.heavyOf < 1) return undefined;
  const [share, before] = [block.heavy / block.heavyOf, usual.heavy / usual.heavyOf];
  return {
    value: bounded(share - before - GATEWAYS, 0, 1),
    text: `${percent(share)} of all requests go beyond five times what a source usually makes, usually ${percent(before)}`,
  };
}

/** Up to this much fewer of an audience stay: most look at one page. */
const LEAVING = 0.1;

/** Users of a step who are there in the next one, too: of those who came on top, less the usual share. */
export function staying(surge: Surge): Reading | undefined {
  const { block, usual } = surge;
  // Of one step there is no next one.
  if (block.seen < 10 || usual.seen < 10 || usual.users < 1) return undefined;
  const before = usual.stayed / usual.seen;
  const pairs = block.seen / block.users;
  const expected = Math.min(block.seen, (usual.users / usual.requests) * block.expected * Math.min(1, pairs));
  const stays = excessShare(block.stayed, before * expected, block.seen, expected);
  return {
    value: bounded(stays - before + LEAVING, 0, 1),
    text: `${percent(stays)} of its users are there in the next step, too, usually ${percent(before)}`,
  };
}
