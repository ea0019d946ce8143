import { definePredictor, NOT_READY, type Observation, type SeriesInfo } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import { seasonal } from '@auspex/preset';
import { z } from 'zod';

/** What is known of one series: data of a size that does not grow. The engine keeps it. */
interface State {
  readonly stepMs: number;
  /** The state of `seasonal`, which sees the demand as it would have been without mailings. */
  usual: unknown;
  /** Log of what a mailing multiplies demand by: a mean over the steps of mailings so far, and how many those were. */
  uplift: number;
  steps: number;
}

const stored = z.strictObject({
  stepMs: z.number().positive(),
  usual: z.instanceof(Uint8Array),
  uplift: z.number(),
  steps: z.int().nonnegative(),
});

/**
 * Knows what nobody can learn from demand alone: when the marketing team sends its mailings. What it expects is what `seasonal` expects
 * of days without one, times what mailings have done so far.
 */
export const timetable = definePredictor({
  id: 'timetable',
  summary: 'What `seasonal` says, times what a mailing has done so far where one is planned.',
  config: z.strictObject({
    mailings: z.array(z.iso.datetime({ offset: true })).describe('When mailings go out, past and planned.'),
    minutes: z.int().positive().default(40).describe('How long one is felt.'),
  }),
  capabilities: { batch: false, trains: false },
  create({ mailings, minutes }, context) {
    const inner = seasonal.create(seasonal.config.parse({}), context);
    const begins = mailings.map((at) => Date.parse(at));
    const isMailed = (step: number): boolean => begins.some((at) => step >= at && step < at + minutes * 60_000);
    return {
      begin: (series: SeriesInfo): State => ({ stepMs: series.stepMs, usual: inner.begin(series), uplift: 0, steps: 0 }),
      observe(state: State, observation: Observation): State {
        const { step, value, truth } = observation;
        const mailed = isMailed(step);
        if (mailed && truth === 'observed') {
          const said = inner.forecast(state.usual as never, { origin: step, horizon: [1], levels: [0.5] });
          const usual = said === NOT_READY ? 0 : (said.quantiles[0] as number);
          if (usual > 0 && value > 0) state.uplift += (Math.log(value / usual) - state.uplift) / ++state.steps;
        }
        // A day's habit is not made of mailings: what is left without them is learnt.
        const left = mailed ? { ...observation, value: value / Math.exp(state.uplift) } : observation;
        state.usual = inner.observe(state.usual as never, left);
        return state;
      },
      forecast(state: State, request) {
        const answer = inner.forecast(state.usual as never, request);
        if (answer === NOT_READY) return NOT_READY;
        const quantiles = answer.quantiles.slice();
        for (const [row, ahead] of request.horizon.entries()) {
          if (!isMailed(request.origin + (ahead - 1) * state.stepMs)) continue;
          for (let i = 0; i < request.levels.length; i++) {
            const at = row * request.levels.length + i;
            quantiles[at] = (quantiles[at] as number) * Math.exp(state.uplift);
          }
        }
        return { quantiles, note: `a mailing has made ${Math.exp(state.uplift).toFixed(1)} times the demand` };
      },
      encode: (state: State) => pack({ ...state, usual: inner.encode(state.usual as never) }),
      decode(bytes, series): State {
        const state = stored.parse(unpack(bytes));
        return { ...state, usual: inner.decode(state.usual, series) };
      },
    };
  },
});
