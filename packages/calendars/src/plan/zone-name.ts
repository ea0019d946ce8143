import { z } from 'zod';
import { isZone } from './zones.ts';

/** A zone, as a config or an event names it. */
export function zoneName(): z.ZodString {
  return z.string().refine(isZone, 'must be an IANA zone such as "Europe/Berlin", UTC, or an offset such as "+05:30"');
}
