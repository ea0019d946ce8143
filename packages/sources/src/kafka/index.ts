export { type KafkaOptions, kafkaConfig } from './config.ts';
export { kafka } from './plugin.ts';
export { type KafkaProbe, probeKafka } from './probe.ts';
export type { KafkaRecord } from './reading.ts';
