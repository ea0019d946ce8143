export { aws } from '@auspex/actuators/aws';
export { composite } from '@auspex/actuators/composite';
export { externalMetrics } from '@auspex/actuators/external-metrics';
export { haproxy } from '@auspex/actuators/haproxy';
export { keda } from '@auspex/actuators/keda';
export { kubernetes } from '@auspex/actuators/kubernetes';
export { processes } from '@auspex/actuators/process';
export { redfish } from '@auspex/actuators/redfish';
export { simulated } from '@auspex/actuators/simulated';
export { systemd } from '@auspex/actuators/systemd';
export { trafficControl } from '@auspex/actuators/traffic-control';
export { webhook } from '@auspex/actuators/webhook';
export { alertLog, alertmanager, alertWebhook, pagerduty, slack, smtp } from '@auspex/alerts';
export { audience } from '@auspex/alerts/audience';
export { combined, composition, residual, shape } from '@auspex/alerts/detect';
export { holidays } from '@auspex/calendars/holidays';
export { httpCalendar } from '@auspex/calendars/http';
export { ical } from '@auspex/calendars/ical';
export { jsonCalendar } from '@auspex/calendars/json';
export { defineConfig, use } from '@auspex/core';
export { hmmRegime, regime } from '@auspex/models-hmm';
export { rnn } from '@auspex/models-rnn';
export { brainLstm } from '@auspex/models-rnn/brain';
export { seasonal } from '@auspex/models-seasonal';
export { boostedTrees } from '@auspex/models-trees';
export {
  pinnedAllocator,
  quantileAllocator,
  reactiveAllocator,
  seedAssessor,
  sensitivity,
  staticPeakAllocator,
  tieredAllocator,
} from '@auspex/policies';
export { behavior } from '@auspex/profiles';
export { isolate, remoteActuator, remoteAlertSink, remoteCalendar, remotePredictor, remoteSource } from '@auspex/remote';
export { accessLog, accessLogStdin } from '@auspex/sources/access-log';
export { auth } from '@auspex/sources/auth';
export { csv, inspectCsv } from '@auspex/sources/csv';
export { botEnricher } from '@auspex/sources/enrich/bot';
export { geoEnricher } from '@auspex/sources/enrich/geo';
export { groupEnricher } from '@auspex/sources/enrich/group';
export { segmentEnricher } from '@auspex/sources/enrich/segment';
export { sessionEnricher } from '@auspex/sources/enrich/session';
export { http } from '@auspex/sources/http';
export { kafka, probeKafka } from '@auspex/sources/kafka';
export { ndjson, ndjsonStdin } from '@auspex/sources/ndjson';
export { prometheus } from '@auspex/sources/prometheus';
export { synthetic } from '@auspex/sources/synthetic';
export { cachedPlugin } from '@auspex/stores/cached';
export { cassandra } from '@auspex/stores/cassandra';
export { lmdb } from '@auspex/stores/lmdb';
export { memory } from '@auspex/stores/memory';
export { mongo } from '@auspex/stores/mongo';
export { namespacedPlugin } from '@auspex/stores/namespaced';
export { catalogue } from './catalogue.ts';
export { type PresetInput, preset } from './preset.ts';
