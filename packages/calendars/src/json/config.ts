import { z } from 'zod';
import { maxSize } from '../copies/config.ts';
import { zoneName } from '../plan/zone-name.ts';
import { plannedEvent } from './event.ts';

export const zoneField = zoneName()
  .default('UTC')
  .describe('Zone of events that name none: of whole days, of times without an offset, and of repeats. Default UTC.');

/** Options of the calendar `json-calendar`. */
export const jsonConfig = z
  .strictObject({
    files: z
      .array(z.string().min(1))
      .default([])
      .describe('JSON files, each a list of events or {"events": […]}; each is read again when it has changed. Default: none.'),
    events: z.array(plannedEvent).default([]).describe('Events that stand in the config itself. Default: none.'),
    zone: zoneField,
    maxSize,
  })
  .refine(({ files, events }) => files.length + events.length > 0, { error: 'name files or events', path: ['files'] });

export type JsonOptions = z.output<typeof jsonConfig>;
