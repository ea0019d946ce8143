import { defineSource } from '@auspex/contracts';
import { kafkaConfig } from './config.ts';
import { KafkaSource } from './source.ts';

/** The source `kafka`: a topic, shared by the instances of a consumer group. */
export const kafka = defineSource({
  id: 'kafka',
  summary: 'A Kafka topic, shared by the instances of a consumer group: a partition is a shard, handed over with its state.',
  config: kafkaConfig,
  capabilities: { replayable: true, silence: 'zero', shared: true },
  create: (options, context) => new KafkaSource(options, context),
});
