import { simulated } from '@auspex/actuators/simulated';
import type { Plugin } from '@auspex/core';
import { hmm } from '@auspex/models-hmm';
import { rnn } from '@auspex/models-rnn';
import { seasonal } from '@auspex/models-seasonal';
import { reactiveAllocator, seedAssessor, staticPeakAllocator, tieredAllocator } from '@auspex/policies';
import { behavior } from '@auspex/profiles';
import { remoteActuator, remoteAlertSink, remoteCalendar, remotePredictor, remoteSource } from '@auspex/remote';
import { accessLog, accessLogStdin } from '@auspex/sources/access-log';
import { csv } from '@auspex/sources/csv';
import { groupEnricher } from '@auspex/sources/enrich/group';
import { sessionEnricher } from '@auspex/sources/enrich/session';
import { kafka } from '@auspex/sources/kafka';
import { ndjson, ndjsonStdin } from '@auspex/sources/ndjson';
import { lmdb } from '@auspex/stores/lmdb';
import { memory } from '@auspex/stores/memory';

/** Every bundled plugin: what a config may name by its id. In the order of the flow. */
export const catalogue: readonly Plugin[] = [
  accessLog,
  accessLogStdin,
  csv,
  ndjson,
  ndjsonStdin,
  kafka,
  groupEnricher,
  sessionEnricher,
  behavior,
  seasonal,
  hmm,
  rnn,
  seedAssessor,
  tieredAllocator,
  reactiveAllocator,
  staticPeakAllocator,
  simulated,
  remoteSource,
  remotePredictor,
  remoteActuator,
  remoteCalendar,
  remoteAlertSink,
  memory,
  lmdb,
] as unknown as readonly Plugin[];
