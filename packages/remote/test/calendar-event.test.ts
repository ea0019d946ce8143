import type { CalendarEvent } from '@auspex/contracts';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, it, test } from 'vitest';
import { CalendarEventSchema } from '../src/gen/auspex/v1/auspex_pb.ts';
import { fromCalendarEvent, toCalendarEvent } from '../src/wire/calendar.ts';

const bytesOf = (event: CalendarEvent): Uint8Array => toBinary(CalendarEventSchema, create(CalendarEventSchema, toCalendarEvent(event)));
const read = (bytes: Uint8Array): CalendarEvent => fromCalendarEvent(fromBinary(CalendarEventSchema, bytes), 'x');

const EVENT = { id: 'a', name: 'Fair', start: 1, end: 2 };

test.each<[string, CalendarEvent]>([
  ['nothing but its time', EVENT],
  ['an impact of none', { ...EVENT, impact: 0 }],
  ['a fall', { ...EVENT, impact: -0.25, category: 'sale' }],
  ['groups, POPs and a shape', { ...EVENT, groups: ['web'], pops: ['ATL', 'FRA'], shape: { rampMs: 0, decayMs: 60_000 } }],
  ['none of the groups and POPs', { ...EVENT, groups: [], pops: [] }],
])('an event with %s comes out as it went in', (_, event) => {
  expect(read(bytesOf(event))).toEqual(event);
});

it('that was written before an impact could be absent is read, but for one of zero, which was never sent', () => {
  // By hand, from the field numbers: 1 id, 2 name, 3 start, 4 end, 7 impact as a double.
  const head = [0x0a, 1, 0x61, 0x12, 4, 0x46, 0x61, 0x69, 0x72, 0x18, 1, 0x20, 2];
  const half = [0x39, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f];
  expect(read(new Uint8Array([...head, ...half]))).toEqual({ ...EVENT, impact: 0.5 });
  expect(read(new Uint8Array(head))).toEqual(EVENT);
  // And what is written now begins with what was written then.
  expect([...bytesOf({ ...EVENT, impact: 0.5, pops: ['ATL'] })].slice(0, head.length + half.length)).toEqual([...head, ...half]);
});
