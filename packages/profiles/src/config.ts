import { duration } from '@auspex/contracts';
import { z } from 'zod';

/** Options of the `behavior` profiler. Half-lives say after how long a habit counts half. */
export const behaviorConfig = z.strictObject({
  levelHalfLife: duration().prefault('2d').describe('Half-life of the level of demand: recent activity.'),
  dailyHalfLife: duration().prefault('7d').describe('Half-life of the shape of the day.'),
  weeklyHalfLife: duration().prefault('28d').describe('Half-life of the shape of the week: history.'),
  mixHalfLife: duration().prefault('14d').describe('Half-life of resources, features, countries, sessions and POPs.'),
  sensitivity: z.number().positive().default(1).describe('Multiplies (deviation + event impact) into the surge score.'),
});

export type BehaviorOptions = z.output<typeof behaviorConfig>;
