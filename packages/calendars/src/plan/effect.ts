import { type CalendarEvent, duration } from '@auspex/contracts';
import { z } from 'zod';

/** What an event does to demand, and to whose. */
export type Effect = Pick<CalendarEvent, 'groups' | 'pops' | 'category' | 'impact' | 'shape'>;

/** A fall by more than all there is cannot be; a rise by more than a thousandfold is a typing error, such as percents in place of a share. */
const LEAST_IMPACT = -1;
const MOST_IMPACT = 1_000;

const names = (what: string) => z.array(z.string().min(1)).min(1).optional().describe(`${what} that are concerned. Default: all.`);

/** The fields of an effect, as people write them. */
export const effectFields = {
  groups: names('Groups'),
  pops: names('POPs'),
  category: z
    .string()
    .min(1)
    .optional()
    .describe('What kind of event it is: what was learnt of earlier ones is expected of the next. Default: a kind of its own, by name.'),
  impact: z
    .number()
    .min(LEAST_IMPACT)
    .max(MOST_IMPACT)
    .optional()
    .describe('Relative rise of demand at its height: 0.5 = half as much again, -0.3 = a third less. Default: learnt from earlier ones.'),
  ramp: duration()
    .optional()
    .describe('Time before the start over which demand rises. Default: learnt; at once where only decay is given.'),
  decay: duration().optional().describe('Time after the end over which demand returns. Default: learnt; at once where only ramp is given.'),
};

const effect = z.object(effectFields);
export type EffectFields = z.output<typeof effect>;
type Given = { readonly [name in keyof EffectFields]?: EffectFields[name] | undefined };

/** What is not said is left out: it is learnt. */
export function effectOf({ groups, pops, category, impact, ramp, decay }: Given): Effect {
  return {
    ...(groups && { groups }),
    ...(pops && { pops }),
    ...(category !== undefined && { category }),
    ...(impact !== undefined && { impact }),
    ...((ramp !== undefined || decay !== undefined) && { shape: { rampMs: ramp ?? 0, decayMs: decay ?? 0 } }),
  };
}

/** @throws Error where an impact cannot be */
export function checkedImpact(impact: number): number {
  if (impact >= LEAST_IMPACT && impact <= MOST_IMPACT) return impact;
  throw new Error(`an impact of ${impact} cannot be: 0.5 is half as much again, and it lies in ${LEAST_IMPACT}..${MOST_IMPACT}`);
}
