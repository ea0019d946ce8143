import { failureRatio, failuresPerRequest, newCountries, notSignedIn, spreadOfCountries } from './mix.ts';
import { breadth, oneResource, rareResources } from './resources.ts';
import { fewPerSource, heavySources, manyPerSource, staying, topSource } from './sources.ts';
import type { Read, Reading, Surge } from './surge.ts';
import { newUsers, strangersAsUsual } from './users.ts';

/**
 * All evidence, in the order of the weights, with the kind that each is of: things of one kind are seen together or not at all. How fast a surge
 * rises and how high is not among it: an advertisement comes as suddenly as an attack.
 */
export const EVIDENCE = {
  'requests-per-source': { kind: 'sources', read: manyPerSource },
  'few-per-source': { kind: 'sources', read: fewPerSource },
  'top-source': { kind: 'sources', read: topSource },
  'heavy-sources': { kind: 'sources', read: heavySources },
  'new-users': { kind: 'users', read: newUsers },
  'strangers-as-usual': { kind: 'users', read: strangersAsUsual },
  staying: { kind: 'staying', read: staying },
  'one-resource': { kind: 'resources', read: oneResource },
  breadth: { kind: 'resources', read: breadth },
  'rare-resources': { kind: 'resources', read: rareResources },
  'failure-ratio': { kind: 'sign-ins', read: failureRatio },
  failures: { kind: 'sign-ins', read: failuresPerRequest },
  'new-countries': { kind: 'countries', read: newCountries },
  'spread-of-countries': { kind: 'countries', read: spreadOfCountries },
  'not-signed-in': { kind: 'access levels', read: notSignedIn },
} as const satisfies Readonly<Record<string, { readonly kind: string; readonly read: Read }>>;

export type EvidenceId = keyof typeof EVIDENCE;
export const EVIDENCE_IDS = Object.keys(EVIDENCE) as EvidenceId[];

/** One thing that was read off a surge. */
export interface Evidence extends Reading {
  readonly of: EvidenceId;
}

/** Whatever can be said of the surge. What is not known is left out: it is evidence of nothing. */
export function evidenceOf(surge: Surge): Evidence[] {
  return EVIDENCE_IDS.flatMap((of) => {
    const found = EVIDENCE[of].read(surge);
    return found && Number.isFinite(found.value) ? [{ of, ...found }] : [];
  });
}

/** Kinds of evidence that there are. */
export function kindsOf(evidence: readonly Evidence[]): string[] {
  return [...new Set(evidence.map(({ of }) => EVIDENCE[of].kind))];
}
