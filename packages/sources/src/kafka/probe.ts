import { AuspexError, type Logger } from '@auspex/contracts';
import { type AdminLike, kafkaError, openClient } from './client.ts';
import type { KafkaOptions } from './config.ts';

/** What can be seen of a topic from outside. */
export interface KafkaProbe {
  readonly partitions: number;
  /** Between the beginnings and the ends of all partitions: what the topic holds, about. */
  readonly records: number;
  /** What the group has committed up to lies so far behind the ends; undefined = it has committed nothing. */
  readonly lag: number | undefined;
}

/**
 * Looks at a topic and its consumer group without reading a record or joining the group. That the user may read a topic is known
 * at the first fetch alone: what is seen here is that he may describe topic and group.
 *
 * @throws AuspexError SOURCE_UNREACHABLE, SOURCE_REFUSED, SOURCE_MISSING, CONFIG_INVALID, PLUGIN_NOT_FOUND
 */
export async function probeKafka(options: KafkaOptions, logger: Logger): Promise<KafkaProbe> {
  const admin = (await openClient(options, logger)).admin({ retry: { retries: 2 } });
  try {
    await admin.connect();
    return await look(admin, options);
  } catch (error) {
    throw kafkaError(error, options);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function look(admin: AdminLike, { topic, group, deadLetter }: KafkaOptions): Promise<KafkaProbe> {
  const offsets = await admin.fetchTopicOffsets(topic);
  const committed = (await admin.fetchOffsets?.({ groupId: group, topics: [topic] })) ?? [];
  if (deadLetter !== undefined) await mustBeThere(admin, deadLetter);
  const ends = new Map(offsets.map(({ partition, high }) => [partition, BigInt(high)]));
  const behind = (committed.find((each) => each.topic === topic)?.partitions ?? []).flatMap(({ partition, offset }) => {
    const end = ends.get(partition);
    // -1 = nothing was committed.
    return end === undefined || BigInt(offset) < 0n ? [] : [Number(end - BigInt(offset))];
  });
  return {
    partitions: offsets.length,
    records: offsets.reduce((sum, { low, high }) => sum + Number(BigInt(high) - BigInt(low)), 0),
    lag: behind.length === 0 ? undefined : behind.reduce((sum, each) => sum + Math.max(0, each), 0),
  };
}

async function mustBeThere(admin: AdminLike, deadLetter: string): Promise<void> {
  try {
    await admin.fetchTopicMetadata?.({ topics: [deadLetter] });
  } catch (cause) {
    if (!/UNKNOWN_TOPIC/.test(String((cause as { type?: string }).type))) throw cause;
    throw new AuspexError('SOURCE_MISSING', `there is no topic "${deadLetter}"`, {
      path: 'source(kafka).deadLetter',
      remedy: 'Create the topic, or correct its name.',
      cause,
    });
  }
}
