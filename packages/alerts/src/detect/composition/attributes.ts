import type { Tally, Usage } from '@auspex/contracts';

/** What a step is a mix of. */
export const ATTRIBUTES = ['kind', 'resource', 'feature', 'country', 'accessLevel', 'outcome'] as const;
export type Attribute = (typeof ATTRIBUTES)[number];

/** A kind that enrichers make. */
export const SESSION_END = 'session-end';

/** What people call each. */
export const NAMES: Readonly<Record<Attribute, string>> = {
  kind: 'events of kind',
  resource: 'resource',
  feature: 'feature',
  country: 'country',
  accessLevel: 'access level',
  outcome: 'requests that are',
};

/** The counts of an attribute in a step. */
export function tallyOf(usage: Usage, attribute: Attribute): Tally {
  switch (attribute) {
    case 'kind':
      return doings(usage);
    case 'resource':
      return usage.resources;
    case 'feature':
      return usage.features;
    case 'country':
      return usage.countries;
    case 'accessLevel':
      return usage.accessLevels;
    case 'outcome':
      return outcomes(usage);
  }
}

/** What users did, by kind. The end of a session is made of what they no longer do, half an hour later: in a surge there would be too few. */
export function doings({ kinds }: Usage): Tally {
  if (!kinds.counts.has(SESSION_END)) return kinds;
  const counts = new Map(kinds.counts);
  counts.delete(SESSION_END);
  return { ...kinds, counts };
}

function outcomes({ served, throttled, failed, timedOut }: Usage): Tally {
  const counts = new Map<string, number>();
  if (served > 0) counts.set('served', served);
  if (throttled > 0) counts.set('throttled', throttled);
  if (failed > 0) counts.set('failed', failed);
  if (timedOut > 0) counts.set('timed-out', timedOut);
  return { level: 0, counts, other: 0 };
}
