import { aws } from '@auspex/actuators/aws';
import { externalMetrics } from '@auspex/actuators/external-metrics';
import { haproxy } from '@auspex/actuators/haproxy';
import { keda } from '@auspex/actuators/keda';
import { kubernetes } from '@auspex/actuators/kubernetes';
import { processes } from '@auspex/actuators/process';
import { redfish } from '@auspex/actuators/redfish';
import { simulated } from '@auspex/actuators/simulated';
import { systemd } from '@auspex/actuators/systemd';
import { trafficControl } from '@auspex/actuators/traffic-control';
import { webhook } from '@auspex/actuators/webhook';
import { alertLog, alertmanager, alertWebhook, combined, composition, pagerduty, residual, shape, slack, smtp } from '@auspex/alerts';
import { audience } from '@auspex/alerts/audience';
import { holidays } from '@auspex/calendars/holidays';
import { httpCalendar } from '@auspex/calendars/http';
import { ical } from '@auspex/calendars/ical';
import { jsonCalendar } from '@auspex/calendars/json';
import type { Plugin } from '@auspex/core';
import { hmmRegime, regime } from '@auspex/models-hmm';
import { rnn } from '@auspex/models-rnn';
import { brainLstm } from '@auspex/models-rnn/brain';
import { seasonal } from '@auspex/models-seasonal';
import { boostedTrees } from '@auspex/models-trees';
import {
  pinnedAllocator,
  quantileAllocator,
  reactiveAllocator,
  seedAssessor,
  sensitivity,
  staticPeakAllocator,
  tieredAllocator,
} from '@auspex/policies';
import { behavior } from '@auspex/profiles';
import { remoteActuator, remoteAlertSink, remoteCalendar, remotePredictor, remoteSource } from '@auspex/remote';
import { accessLog, accessLogStdin } from '@auspex/sources/access-log';
import { auth } from '@auspex/sources/auth';
import { csv } from '@auspex/sources/csv';
import { botEnricher } from '@auspex/sources/enrich/bot';
import { geoEnricher } from '@auspex/sources/enrich/geo';
import { groupEnricher } from '@auspex/sources/enrich/group';
import { segmentEnricher } from '@auspex/sources/enrich/segment';
import { sessionEnricher } from '@auspex/sources/enrich/session';
import { http } from '@auspex/sources/http';
import { kafka } from '@auspex/sources/kafka';
import { ndjson, ndjsonStdin } from '@auspex/sources/ndjson';
import { prometheus } from '@auspex/sources/prometheus';
import { synthetic } from '@auspex/sources/synthetic';
import { cassandra } from '@auspex/stores/cassandra';
import { lmdb } from '@auspex/stores/lmdb';
import { memory } from '@auspex/stores/memory';
import { mongo } from '@auspex/stores/mongo';

/** Every bundled plugin: what a config may name by its id. In the order of the flow. */
export const catalogue: readonly Plugin[] = [
  accessLog,
  accessLogStdin,
  csv,
  ndjson,
  ndjsonStdin,
  auth,
  kafka,
  http,
  prometheus,
  synthetic,
  groupEnricher,
  sessionEnricher,
  geoEnricher,
  botEnricher,
  segmentEnricher,
  behavior,
  seasonal,
  hmmRegime,
  rnn,
  boostedTrees,
  brainLstm,
  seedAssessor,
  quantileAllocator,
  tieredAllocator,
  reactiveAllocator,
  pinnedAllocator,
  staticPeakAllocator,
  sensitivity,
  audience,
  ical,
  jsonCalendar,
  httpCalendar,
  holidays,
  combined,
  shape,
  residual,
  composition,
  regime,
  alertmanager,
  alertWebhook,
  slack,
  pagerduty,
  smtp,
  alertLog,
  simulated,
  kubernetes,
  keda,
  externalMetrics,
  aws,
  haproxy,
  redfish,
  processes,
  systemd,
  trafficControl,
  webhook,
  remoteSource,
  remotePredictor,
  remoteActuator,
  remoteCalendar,
  remoteAlertSink,
  memory,
  lmdb,
  mongo,
  cassandra,
] as unknown as readonly Plugin[];
