import { countDistinct } from '@auspex/numerics';
import { freshOf, usualFresh } from './known.ts';
import { asUsual } from './resources.ts';
import { bounded, excessShare, percent, type Reading, type Surge } from './surge.ts';

/** Above this share of new users nobody can be told apart by being new. */
const ALL_NEW = 0.9;

interface Expected {
  /** Distinct users of as many steps, were it as usual; of them those who had not been there today. */
  readonly all: number;
  readonly news: number;
  readonly fresh: number | undefined;
}

/** Those of one step, and in each later one those who had not been there in the step before. */
function expectedUsers({ block, usual, known }: Surge): Expected | undefined {
  if (usual.users < 1 || usual.requests < 1 || block.users < 1) return undefined;
  const each = ((usual.users / usual.requests) * block.expected) / block.steps;
  const stay = usual.seen > 0 ? usual.stayed / usual.seen : 0;
  const fresh = usualFresh(known);
  return { all: each * (1 + (block.steps - 1) * (1 - stay)), news: each * block.steps * (fresh ?? 0), fresh };
}

/** Users who have not been there today: of those who came on top, less the usual share. */
export function newUsers(surge: Surge): Reading | undefined {
  const { block, known } = surge;
  const expected = expectedUsers(surge);
  if (expected?.fresh === undefined) return undefined;
  const { all, news, fresh } = expected;
  const before = all > 0 ? Math.min(1, news / all) : fresh;
  if (before > ALL_NEW) return undefined;
  const share = excessShare(freshOf(known, block.all), before * all, countDistinct(block.all), all);
  return {
    value: bounded(share - before, -1, 1),
    text: `${percent(share)} of its users had not been there today, usually ${percent(before)}`,
  };
}

/** New users who do what is usual: an audience comes for something. Share of new ones, less the usual, times the share of what came on top that is as usual. */
export function strangersAsUsual(surge: Surge): Reading | undefined {
  const [fresh, alike] = [newUsers(surge), asUsual(surge)];
  if (fresh === undefined || alike === undefined) return undefined;
  return { value: Math.max(0, fresh.value) * alike, text: `${fresh.text}, and ${percent(alike)} of what they ask for is the usual` };
}
