import type { Subjects } from '@auspex/testkit';
import { __VALUE__ } from './plugin.ts';

/** What the laws are tried on; made anew for each. Their decisions are of the week from 2026-01-05, four a day. */
export function subject(): Subjects['extension'] {
  return { plugin: __VALUE__, with: { most: 4, frozen: ['2026-01-07'] } };
}
