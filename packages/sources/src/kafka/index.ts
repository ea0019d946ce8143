export { type KafkaOptions, kafkaConfig } from './config.ts';
export { kafka } from './plugin.ts';
