import { z } from 'zod';

const words = (what: string) => z.array(z.string().min(2)).default([]).describe(`${what} Case does not matter. Default: none.`);

/** Options of the `bot` enricher. */
export const botConfig = z.strictObject({
  as: z
    .enum(['group', 'drop'])
    .default('group')
    .describe(
      'What becomes of an event of a bot: group = it is counted to a group of its own, since bots need capacity, too; drop = it is not counted at all. Default group.',
    ),
  group: z.string().min(1).default('bots').describe('Name of that group; it replaces any that the event has. Default bots.'),
  withoutAgent: z
    .enum(['keep', 'bot'])
    .default('keep')
    .describe('Events whose source knows no user agent: keep = they stay as they are, bot = they are of bots. Default keep.'),
  also: words('Texts that make an agent that holds one a bot.'),
  except: words('Texts that make an agent that holds one no bot, such as your own monitoring.'),
});

export type BotOptions = z.output<typeof botConfig>;
