import type { UsageEvent } from '@auspex/contracts';
import type { SeededRandom } from '@auspex/numerics';
import type { SyntheticOptions } from './config.ts';
import type { Incidents } from './incidents.ts';
import { blank } from './session.ts';

type Attack = SyntheticOptions['attacks'][number];

/** The attempts of an attack within [from, to); none outside the attack's own span. */
export function* attackEvents(
  attack: Attack,
  group: string,
  [from, to]: readonly [number, number],
  random: SeededRandom,
  incidents: Incidents,
): Generator<UsageEvent> {
  const begin = Math.max(from, Date.parse(attack.at));
  const span = Math.min(to, Date.parse(attack.at) + attack.for) - begin;
  if (span <= 0) return;
  const attempts = random.poisson((attack.rate * span) / 1000);
  for (let n = 0; n < attempts; n++) {
    const at = begin + random.below(span);
    yield blank(at, { group, ...attempt(attack.kind, random), outcome: incidents.outcome(group, at, random) });
  }
}

function attempt(kind: Attack['kind'], random: SeededRandom): Partial<UsageEvent> {
  switch (kind) {
    case 'credential-stuffing':
      // One password in two hundred was used elsewhere, too.
      return {
        kind: random.next() < 0.005 ? 'sign-in' : 'sign-in-failure',
        user: `leaked-${random.below(1_000_000)}`,
        ip: `203.0.113.${random.below(200)}`,
        agent: 'python-requests/2.32.3',
      };
    case 'scraping': {
      const n = random.below(5);
      return {
        user: `scraper-${n}`,
        resource: `/browse/${random.below(100_000)}`,
        feature: 'browse',
        bytes: 20_000,
        ip: `192.0.2.${n}`,
        agent: 'Scrapy/2.11.2',
      };
    }
    case 'volumetric':
      return { resource: '/', ip: `2001:db8::${random.below(65_536).toString(16)}`, agent: 'Mozilla/5.0' };
  }
}
