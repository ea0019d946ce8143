import { total } from './block.ts';
import { bounded, excessShare, few, percent, type Reading, type Surge } from './surge.ts';
import { countryShare, type Usual } from './usual.ts';

/** Attempts to sign in below which nothing is said of them. */
const ATTEMPTS = 5;
/** Of attempts to sign in, those that fail where nothing is known yet, and as many attempts as that belief is worth. */
const FAILING = 0.1;
const BELIEF = 10;

/** Up to this log ratio people fail more often, too: those who seldom come have forgotten their passwords. */
const FORGOTTEN = 1.2;

function failing(usual: Usual): number {
  return (usual.signInFailures + FAILING * BELIEF) / (usual.signIns + usual.signInFailures + BELIEF);
}

/** Attempts to sign in that came on top, and those of them that failed. */
function attemptsOf(surge: Surge): { readonly all: number; readonly failed: number } | undefined {
  const { block, usual } = surge;
  const all = block.signIns + block.signInFailures;
  if (all < ATTEMPTS || usual.requests < 1) return undefined;
  const expected = ((usual.signIns + usual.signInFailures) / usual.requests) * block.expected;
  return { all: Math.max(0, all - expected), failed: Math.max(0, block.signInFailures - expected * failing(usual)) };
}

/** Of the attempts to sign in that came on top, how many failed: log-odds beside the usual ones. */
export function failureRatio(surge: Surge): Reading | undefined {
  const attempts = attemptsOf(surge);
  if (!attempts) return undefined;
  const before = failing(surge.usual);
  const share = (attempts.failed + before * BELIEF) / (attempts.all + BELIEF);
  const odds = (of: number): number => Math.log((of + 0.005) / (1.005 - of));
  return {
    value: bounded(odds(share) - odds(before) - FORGOTTEN, 0, 4),
    text: `${percent(share)} of its sign-ins failed, usually ${percent(before)}`,
  };
}

/** Failed sign-ins beside requests that came on top: a log ratio to what is usual. */
export function failuresPerRequest(surge: Surge): Reading | undefined {
  const attempts = attemptsOf(surge);
  if (!attempts) return undefined;
  const { block, usual } = surge;
  const before = usual.signInFailures / usual.requests;
  const seen = attempts.failed / Math.max(1, block.requests - block.expected);
  return {
    value: bounded(Math.log((seen + 0.01) / (before + 0.01)) - FORGOTTEN, 0, 4),
    text: `${few(100 * seen)} sign-ins failed for 100 requests, usually ${few(100 * before)}`,
  };
}

/** Events of known countries below which, and their share of all below which, nothing is said of countries. */
const PLACED = 20;
const PLACED_SHARE = 0.1;
/** Usual share below which a country is a new one. */
const NEW = 0.005;

/** What came on top by country, and its sum. */
function countriesOf(surge: Surge): { readonly more: readonly (readonly [string, number])[]; readonly of: number } | undefined {
  const { block, usual } = surge;
  const all = total(block.countries);
  if (all < PLACED || all < PLACED_SHARE * block.requests || usual.countryTotal < PLACED) return undefined;
  const expected = Math.min(all, (usual.countryTotal / usual.requests) * block.expected);
  const more = [...block.countries.counts].map(
    ([code, count]) => [code, Math.max(0, count - expected * countryShare(usual, code))] as const,
  );
  const of = more.reduce((sum, [, count]) => sum + count, 0);
  return of < PLACED / 2 ? undefined : { more, of };
}

/** Share of what came on top that comes from countries that are seldom seen. */
export function newCountries(surge: Surge): Reading | undefined {
  const countries = countriesOf(surge);
  if (!countries) return undefined;
  const strange = countries.more.filter(([code]) => countryShare(surge.usual, code) < NEW);
  const share = strange.reduce((sum, [, count]) => sum + count, 0) / countries.of;
  return { value: share, text: `${percent(share)} of it comes from ${strange.length} countries that are seldom seen` };
}

/** Entropy of the countries of what came on top, less the usual one, nats: an audience is of a place, an attack of wherever machines were to be had. */
export function spreadOfCountries(surge: Surge): Reading | undefined {
  const countries = countriesOf(surge);
  if (!countries) return undefined;
  const entropy = (counts: Iterable<number>, of: number): number => {
    let sum = 0;
    for (const count of counts) if (count > 0) sum -= (count / of) * Math.log(count / of);
    return sum;
  };
  const [seen, before] = [
    entropy(
      countries.more.map(([, count]) => count),
      countries.of,
    ),
    entropy(surge.usual.countries.values(), surge.usual.countryTotal),
  ];
  const like = (nats: number): string => Math.exp(nats).toFixed(1);
  return {
    value: bounded(seen - before, -2, 2),
    text: `its countries are spread like ${like(seen)} equal ones, usually like ${like(before)}`,
  };
}

/** Usual share of signed-in users, less theirs in what came on top: who signs in is somebody. */
export function notSignedIn(surge: Surge): Reading | undefined {
  const { block, usual } = surge;
  if (block.levelled < PLACED || usual.levelled < PLACED || usual.signedIn < 1) return undefined;
  const before = usual.signedIn / usual.levelled;
  const expected = Math.min(block.levelled, (usual.levelled / usual.requests) * block.expected);
  const share = excessShare(block.signedIn, expected * before, block.levelled, expected);
  return { value: bounded(before - share, -1, 1), text: `${percent(share)} of it is of signed-in users, usually ${percent(before)}` };
}
