import type { CalendarEvent } from '@auspex/contracts';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CalendarEventSchema, CalendarEvent as WireCalendarEvent } from '../gen/auspex/v1/auspex_pb.ts';
import { nonsense } from './actuator.ts';
import { toInt } from './numbers.ts';

export function toCalendarEvent({ start, end, groups, ...same }: CalendarEvent): MessageInitShape<typeof CalendarEventSchema> {
  return { ...same, start: toInt(start), end: toInt(end), ...(groups === undefined ? {} : { groups: { names: [...groups] } }) };
}

/** @throws AuspexError `PLUGIN_FAILED` for an event that cannot be */
export function fromCalendarEvent({ id, name, groups, category, impact, ...times }: WireCalendarEvent, who: string): CalendarEvent {
  const [start, end] = [Number(times.start), Number(times.end)];
  if (end <= start || !Number.isFinite(impact)) throw nonsense(who, `the event "${id}" from ${start} to ${end} with impact ${impact}`);
  return {
    id,
    name,
    start,
    end,
    ...(groups === undefined ? {} : { groups: groups.names }),
    ...(category === undefined ? {} : { category }),
    impact,
  };
}
