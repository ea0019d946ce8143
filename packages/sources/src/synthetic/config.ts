import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { recordFields } from '../records/config.ts';

const instant = (what: string) => z.iso.datetime({ offset: true }).describe(`${what}, ISO 8601 with offset: 2026-01-05T00:00:00Z.`);
const names = (what: string) => z.array(z.string().min(1)).min(1).optional().describe(`${what} Default: all.`);
const span = {
  at: instant('When it begins'),
  for: duration()
    .refine((ms) => ms > 0, 'must be longer than nothing')
    .describe('How long it lasts. No default.'),
};

const group = z.strictObject({
  name: z.string().min(1).describe('Name of the group. No default.'),
  rate: z
    .number()
    .min(0)
    .default(1)
    .describe('Mean first attempts a second over a week, not counting events, incidents and attacks. Default 1.'),
  users: z.int().min(1).max(10_000_000).default(500).describe('Users, some far more active than others. Default 500.'),
  zone: z.string().min(1).default('UTC').describe('Zone whose clock the users live by: IANA name or fixed offset. Default UTC.'),
  shape: z
    .enum(['office', 'evening', 'night', 'flat'])
    .default('office')
    .describe(
      'When they are active: office = by day and on workdays, evening = after work and at weekends, night = jobs after midnight, flat = always alike. Default office.',
    ),
  dispersion: z
    .number()
    .min(0)
    .max(100)
    .default(0.05)
    .describe('Variance of session starts beyond Poisson, relative to the squared mean (negative binomial); 0 = Poisson. Default 0.05.'),
  session: z.number().min(1).max(200).default(8).describe('Mean first attempts of one session. Default 8.'),
  countries: z
    .array(z.string().length(2))
    .min(1)
    .default(['DE', 'US', 'JP'])
    .describe('Countries of the users, the first the most. Default DE, US, JP.'),
  features: z
    .array(z.string().min(1))
    .min(1)
    .default(['browse', 'search', 'buy'])
    .describe('Features used, the first the most. Default browse, search, buy.'),
  pops: z.array(z.string()).min(1).default(['']).describe("Points of presence, by country. Default ['']: the only one."),
});

const event = z.strictObject({
  ...span,
  name: z.string().default('event').describe('Name, for the labels. Default event.'),
  factor: z.number().min(0).max(1_000).describe('What demand is multiplied by. No default.'),
  groups: names('Groups that it concerns.'),
});

const incident = z.strictObject({
  ...span,
  kind: z
    .enum(['outage', 'throttling', 'slow', 'not-recorded'])
    .describe(
      'outage: attempts fail; throttling: they are refused; slow: they time out; not-recorded: users were served, and nobody wrote it down.',
    ),
  share: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Share of attempts that it hits, 0..1; users try again up to three times. Default 1.'),
  groups: names('Groups that it hits; not-recorded hits all.'),
});

const attack = z.strictObject({
  ...span,
  kind: z
    .enum(['credential-stuffing', 'scraping', 'volumetric'])
    .describe(
      'credential-stuffing: failed sign-ins of many users; scraping: a few clients read everything; volumetric: many clients ask for one thing.',
    ),
  rate: z.number().min(0).max(100_000).describe('Attempts a second. No default.'),
  group: z.string().min(1).optional().describe('Group that it is counted to. Default: the first.'),
});

/** Options of the `synthetic` source. */
export const syntheticConfig = z.strictObject({
  groups: z
    .union([z.int().min(1).max(10_000), z.array(group).min(1).max(10_000)])
    .default(3)
    .describe('Groups of users; a number makes so many of different size, shape and zone. Default 3.'),
  rate: z.number().min(0).default(3).describe('Where groups is a number: mean first attempts a second of all together. Default 3.'),
  start: instant('Start of the world').default('2026-01-05T00:00:00Z'),
  steps: z.int().min(1).max(10_000_000).default(1_440).describe('How many steps it has. Default 1440: a day of minutes.'),
  step: duration()
    .refine((ms) => ms >= 1_000 && ms <= 3_600_000 && 3_600_000 % ms === 0, 'must divide an hour and be at least 1s')
    .prefault('1m')
    .describe('Length of a step. Default 1m.'),
  seed: z.string().default('synthetic').describe('Equal seeds give equal worlds. Default synthetic.'),
  events: z.array(event).default([]).describe('What is planned: {at, for, factor, groups?, name?}. Default: nothing.'),
  incidents: z.array(incident).default([]).describe('What goes wrong: {at, for, kind, share?, groups?}. Default: nothing.'),
  attacks: z.array(attack).default([]).describe('Who attacks: {at, for, kind, rate, group?}. Default: nobody.'),
  batch: recordFields.batch,
});

export type SyntheticOptions = z.output<typeof syntheticConfig>;
/** Options as a config gives them; what is left out has its default. */
export type SyntheticInput = z.input<typeof syntheticConfig>;
export type SyntheticGroup = z.output<typeof group>;
