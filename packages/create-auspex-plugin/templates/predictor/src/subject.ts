import type { PredictorSubject } from '@auspex/testkit';
import { __VALUE__ } from './plugin.ts';

/** What the laws are tried on; made anew for each. Their steps are of 15 minutes: `warmUp` is three days. */
export function subject(): PredictorSubject {
  return { plugin: __VALUE__, warmUp: 288 };
}
