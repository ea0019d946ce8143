import type { SourceBatch, UsageEvent } from '@auspex/contracts';
import { isFieldSet, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type SourceBatchSchema,
  UsageEventSchema,
  type SourceBatch as WireSourceBatch,
  type UsageEvent as WireUsageEvent,
} from '../gen/auspex/v1/auspex_pb.ts';
import { nonsense } from './actuator.ts';
import { toInt } from './numbers.ts';

export function toSourceBatch(batch: SourceBatch): MessageInitShape<typeof SourceBatchSchema> {
  const { partition, events, position, watermark, gaps = [], malformed = 0, end = false } = batch;
  return {
    partition,
    events: events.map((event) => ({ ...event, at: toInt(event.at) })),
    position,
    ...(watermark === undefined ? {} : { watermark: toInt(watermark) }),
    gaps: gaps.map(({ from, to }) => ({ from: toInt(from), to: toInt(to) })),
    malformed: toInt(malformed),
    end,
  };
}

/** @throws AuspexError `PLUGIN_FAILED` for an event that cannot be */
export function fromSourceBatch(batch: WireSourceBatch, who: string): SourceBatch {
  const { partition, events, position, watermark, gaps, malformed, end } = batch;
  return {
    partition,
    events: events.map((event) => fromUsageEvent(event, who)),
    position,
    ...(watermark === undefined ? {} : { watermark: Number(watermark) }),
    ...(gaps.length === 0 ? {} : { gaps: gaps.map(({ from, to }) => ({ from: Number(from), to: Number(to) })) }),
    ...(malformed === 0n ? {} : { malformed: Number(malformed) }),
    ...(end ? { end } : {}),
  };
}

const OUTCOMES: readonly string[] = ['served', 'throttled', 'failed', 'timed-out'] satisfies UsageEvent['outcome'][];
const OPTIONAL = UsageEventSchema.fields.filter(({ number }) => number >= 6);

function fromUsageEvent(wire: WireUsageEvent, who: string): UsageEvent {
  const { kind, group, pop, outcome } = wire;
  if (!OUTCOMES.includes(outcome)) throw nonsense(who, `an event whose outcome is "${outcome}"`);
  const event: Record<string, unknown> = { at: Number(wire.at), kind, group, pop, outcome };
  for (const field of OPTIONAL) {
    // The generated names are those of the contract.
    if (isFieldSet(wire, field)) event[field.localName] = wire[field.localName as keyof WireUsageEvent];
  }
  return event as unknown as UsageEvent;
}
