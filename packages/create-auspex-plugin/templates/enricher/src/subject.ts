import type { Subjects } from '@auspex/testkit';
import { __VALUE__ } from './plugin.ts';

/** What the laws are tried on; made anew for each. */
export function subject(): Subjects['enricher'] {
  const rules = [
    { prefix: '/things/1', group: 'first' },
    { prefix: '/things', group: 'things' },
  ];
  return { plugin: __VALUE__, with: { rules, otherwise: 'rest' } };
}
