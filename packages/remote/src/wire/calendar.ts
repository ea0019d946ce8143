import type { CalendarEvent } from '@auspex/contracts';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CalendarEventSchema, CalendarEvent as WireCalendarEvent } from '../gen/auspex/v1/auspex_pb.ts';
import { nonsense } from './actuator.ts';
import { toInt } from './numbers.ts';

export function toCalendarEvent(event: CalendarEvent): MessageInitShape<typeof CalendarEventSchema> {
  const { id, name, start, end, groups, pops, category, impact, shape } = event;
  return {
    id,
    name,
    start: toInt(start),
    end: toInt(end),
    ...(groups === undefined ? {} : { groups: { names: [...groups] } }),
    ...(pops === undefined ? {} : { pops: { names: [...pops] } }),
    ...(category === undefined ? {} : { category }),
    ...(impact === undefined ? {} : { impact }),
    ...(shape === undefined ? {} : { shape: { rampMs: shape.rampMs, decayMs: shape.decayMs } }),
  };
}

/** @throws AuspexError `PLUGIN_FAILED` for an event that cannot be */
export function fromCalendarEvent(
  { id, name, groups, pops, category, impact, shape, ...times }: WireCalendarEvent,
  who: string,
): CalendarEvent {
  const [start, end] = [Number(times.start), Number(times.end)];
  if (end <= start || (impact !== undefined && !Number.isFinite(impact)))
    throw nonsense(who, `the event "${id}" from ${start} to ${end} with impact ${impact}`);
  if (shape !== undefined && !(isSpan(shape.rampMs) && isSpan(shape.decayMs)))
    throw nonsense(who, `the event "${id}" that comes in ${shape.rampMs} ms and goes in ${shape.decayMs} ms`);
  return {
    id,
    name,
    start,
    end,
    ...(groups === undefined ? {} : { groups: groups.names }),
    ...(pops === undefined ? {} : { pops: pops.names }),
    ...(category === undefined ? {} : { category }),
    ...(impact === undefined ? {} : { impact }),
    ...(shape === undefined ? {} : { shape: { rampMs: shape.rampMs, decayMs: shape.decayMs } }),
  };
}

function isSpan(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0;
}
