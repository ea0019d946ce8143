import { duration } from '@auspex/contracts';
import { z } from 'zod';

/** Options that every actuator over a target has. */
export const targetOptions = {
  timeLimit: duration().prefault('3s').describe('Longest wait for one answer of the target. Default 3s.'),
  patience: duration()
    .prefault('8s')
    .describe(
      "For how long what may succeed later (timeouts, 429, 5xx) is asked again, with growing waits. Keep it below the engine's `timeLimit`. Default 8s.",
    ),
  handsOff: duration()
    .prefault('1h')
    .describe('How long units that somebody else has set are left alone. What was set is then what a floor goes back to. Default 1h.'),
};

/** Directory of what is left with targets that can keep nothing themselves; see `FileMarks`. */
export const marksOption = {
  leases: z
    .string()
    .min(1)
    .default('.auspex/leases')
    .describe('Directory, from the working directory, in which originals and expiries are kept; the lease keeper reads them there.'),
};
