import type { PluginKind } from '@auspex/contracts';
import type { Law } from '../law.ts';
import { actuatorLaws } from './actuate.ts';
import { alertSinkLaws } from './alert.ts';
import { allocatorLaws } from './allocate.ts';
import { assessorLaws } from './assess.ts';
import { calendarLaws } from './calendar.ts';
import { detectorLaws } from './detect.ts';
import { enricherLaws } from './enrich.ts';
import { extensionLaws } from './extend.ts';
import { learnerLaws } from './learn.ts';
import { predictorLaws } from './predict.ts';
import { profilerLaws } from './profile.ts';
import { sourceLaws } from './source.ts';
import { storeLaws } from './store.ts';

/** Every law, by the kind that it binds; in the order of the flow. */
export const LAWS: { readonly [K in PluginKind]: readonly Law<K>[] } = {
  source: sourceLaws,
  enricher: enricherLaws,
  profiler: profilerLaws,
  predictor: predictorLaws,
  assessor: assessorLaws,
  allocator: allocatorLaws,
  actuator: actuatorLaws,
  learner: learnerLaws,
  detector: detectorLaws,
  alertSink: alertSinkLaws,
  calendar: calendarLaws,
  store: storeLaws,
  extension: extensionLaws,
};
