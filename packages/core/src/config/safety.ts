import { duration } from '@auspex/contracts';
import { z } from 'zod';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;
const INSTANT = z.iso.datetime({ offset: true });

/** A window in which units are not taken away: once, or with `days` every week. */
export const freeze = z
  .strictObject({
    pools: z.array(z.string()).min(1).default(['*']).describe('Pools that it covers; * in a name stands for any text.'),
    from: z.string().describe('Begin: ISO 8601 with offset; with `days`, HH:MM on the wall clock of the zone.'),
    to: z.string().describe('End, exclusive, written alike; with `days`, one that is not after `from` is on the day after.'),
    days: z.array(z.enum(WEEKDAYS)).min(1).optional().describe('Days on which a weekly window begins; absent = the window comes once.'),
    zone: z.string().default('UTC').describe('IANA zone of the wall clock of a weekly window.'),
    hold: z.enum(['in', 'all']).default('in').describe('in: units do not fall; all: they do not move.'),
    why: z.string().min(1).describe('What the window is for; stands in the trail.'),
  })
  .superRefine(({ days, ...times }, context) => {
    for (const end of ['from', 'to'] as const) {
      const right = days ? CLOCK.test(times[end]) : INSTANT.safeParse(times[end]).success;
      const wanted = days ? 'HH:MM, 00:00 to 23:59, beside days' : 'ISO 8601 with offset, such as 2026-01-31T06:00:00Z, or days beside it';
      if (!right) context.addIssue({ code: 'custom', path: [end], message: `expected ${wanted}` });
    }
  });

/** How far a pool's decisions go, and what takes them further or back. */
export const rollout = z.strictObject({
  stage: z
    .enum(['shadow', 'canary', 'full', 'auto'])
    .default('auto')
    .describe('shadow, canary or full: stays there. auto: begins in shadow and moves by itself.'),
  share: z.number().gt(0).lt(1).default(0.25).describe('canary: how far units go from those of a reactive policy to those proposed.'),
  days: z.int().positive().default(7).describe('auto: fewest days in shadow.'),
  canaryDays: z.int().positive().default(3).describe('auto: fewest days in canary.'),
  peaks: z.int().nonnegative().default(3).describe('auto: daily peaks, above the .9 quantile of demand, that a stage must have seen.'),
  shortPrice: z.number().positive().optional().describe("Price of a unit short for an hour. Default: ten times the pool's price."),
  falseDemotions: z
    .number()
    .gt(0)
    .lte(0.5)
    .default(0.01)
    .describe('auto: chance a month of a demotion by the test although the cost is not above that of a reactive policy.'),
  trip: z
    .number()
    .gt(0)
    .lte(1)
    .default(0.05)
    .describe('auto: back to shadow at once where this share of demand more is unserved than under a reactive policy.'),
  tripWindow: duration().prefault('15m').describe('auto: span that `trip` is measured over, all of its steps known.'),
});

export const leases = z.strictObject({
  for: duration()
    .optional()
    .describe('How long a floor holds from the step of its order on, unless the next one renews it. Default: two steps, at least 2m.'),
});
