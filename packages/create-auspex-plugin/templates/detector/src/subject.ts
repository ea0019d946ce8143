import type { Subjects } from '@auspex/testkit';
import { __VALUE__ } from './plugin.ts';

/** What the laws are tried on; made anew for each. */
export function subject(): Subjects['detector'] {
  return { plugin: __VALUE__ };
}
