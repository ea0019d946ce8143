import { duration } from '@auspex/contracts';
import { z } from 'zod';

/** Options of the `segment` enricher. */
export const segmentConfig = z.strictObject({
  segments: z.int().min(2).max(64).default(5).describe('How many segments are learnt. Default 5.'),
  prefix: z.string().min(1).default('segment').describe('Names of the segments: prefix-1 to prefix-n. Default segment.'),
  unsorted: z.string().min(1).default('unsorted').describe('Group of users of whom too little is known. Default unsorted.'),
  override: z.boolean().default(false).describe('Replace a group that the source or an enricher has set. Default false.'),
  minEvents: z.int().min(1).max(1_000_000).default(20).describe('Events of a user before the user is put into a segment. Default 20.'),
  learnFrom: z
    .int()
    .min(2)
    .max(100_000)
    .default(100)
    .describe('Users with minEvents from whom segments are learnt first; until there are so many all are unsorted. Default 100.'),
  review: duration()
    .refine((ms) => ms >= 60_000, 'must be at least 1m')
    .prefault('1d')
    .describe('How often a user who is active is looked at anew, and segments learn from the user. Default 1d.'),
  moves: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('Reviews in a row that must put a user into the same other segment before the user moves. Default 3.'),
  halfLife: duration()
    .refine((ms) => ms >= 3_600_000, 'must be at least 1h')
    .prefault('14d')
    .describe('Age at which what a user did counts half. Default 14d.'),
  maxUsers: z
    .int()
    .min(10)
    .max(1_000_000)
    .default(10_000)
    .describe('Users remembered, about 96 bytes each in every checkpoint; above that the longest idle is forgotten. Default 10000.'),
  zone: z.string().min(1).default('UTC').describe("Zone whose clock tells a user's time of day: IANA name or fixed offset. Default UTC."),
});

export type SegmentOptions = z.output<typeof segmentConfig>;
