import { zone } from '@auspex/numerics';
import { z } from 'zod';
import { reactiveConfig } from '../reactive/config.ts';

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const HOUR = /^([01]\d|2[0-3]):([0-5]\d)$/;
const time = (end: boolean) =>
  z.string().refine((text) => HOUR.test(text) || (end && text === '24:00'), { error: 'write a time of day as 08:00' });

const count = z.int().nonnegative();

const schedule = z
  .strictObject({
    name: z.string().min(1).optional().describe('What the trail calls it. Default: its times.'),
    pools: z.array(z.string()).min(1).default(['*']).describe('Pools that it holds for; * in a name stands for any text.'),
    days: z
      .array(z.enum(DAYS))
      .min(1)
      .optional()
      .describe(
        'Days on which its windows begin: mon, tue, wed, thu, fri, sat, sun. Default: every day, and none where `dates` are given.',
      ),
    dates: z.array(z.iso.date()).min(1).optional().describe('Single dates on which a window begins, too: 2026-11-27.'),
    except: z.array(z.iso.date()).default([]).describe('Dates on which no window begins.'),
    from: time(false).describe('Time of day at which it begins: 08:00.'),
    to: time(true).describe('Time of day at which it ends, 24:00 at the latest; not after `from` means on the next day.'),
    zone: z
      .string()
      .refine(isZone, { error: 'not a known time zone; write one as Europe/Berlin, UTC or +05:30' })
      .default('UTC')
      .describe('Zone of its days and times. Default UTC.'),
    units: count.optional().describe('Exactly as many, whatever the demand.'),
    min: count.optional().describe('At least as many; beyond that by demand.'),
    max: count.optional().describe('At most as many.'),
  })
  .refine(
    ({ units, min, max }) => (units === undefined ? min !== undefined || max !== undefined : min === undefined && max === undefined),
    {
      error: 'give either `units`, or `min`, `max` or both',
    },
  )
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, { error: '`min` is above `max`' });

/** Options of the allocator `pinned`. */
export const pinnedConfig = z.strictObject({
  schedules: z.array(schedule).min(1).describe('When how many units are held. All that hold at once count; see the README.'),
  otherwise: z
    .enum(['reactive', 'min'])
    .default('reactive')
    .describe("What counts outside of the windows, and inside those with `min` or `max`: the policy `reactive`, or the pool's minimum."),
  reactive: reactiveConfig.prefault({}).describe('Options of the reactive policy; read only with otherwise: reactive.'),
});

export type PinnedOptions = z.output<typeof pinnedConfig>;
export type Schedule = z.output<typeof schedule>;

function isZone(id: string): boolean {
  try {
    zone(id);
    return true;
  } catch {
    return false;
  }
}
