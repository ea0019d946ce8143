import type { Tally, Usage } from '@auspex/contracts';

/** What a step is a mix of. */
export const ATTRIBUTES = ['kind', 'resource', 'feature', 'country', 'accessLevel', 'outcome'] as const;
export type Attribute = (typeof ATTRIBUTES)[number];

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
      return usage.kinds;
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

function outcomes({ served, throttled, failed, timedOut }: Usage): Tally {
  const counts = Object.entries({ served, throttled, failed, 'timed-out': timedOut }).filter(([, count]) => count > 0);
  return { level: 0, counts: new Map(counts), other: 0 };
}
