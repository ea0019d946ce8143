import { NOT_READY, type NotReady, type Observation } from '@auspex/contracts';
import { zone } from '@auspex/numerics';
import { expected } from './expectation.ts';
import { beginAhead, moveTo } from './forecast.ts';
import { isKnown, oneOf } from './observe.ts';
import type { HmmRegimeState } from './state.ts';

const LOG_2_PI = Math.log(2 * Math.PI);

/**
 * The score of a detector: the predictive log-likelihood of an observation under the state before it, in nats, as a density of the logarithm of the rate;
 * the lower, the stranger. It is that of the very mixture which `forecast` takes quantiles of. Ask before `observe`; the state is left alone.
 *
 * @returns `NOT_READY` before the first fit, and of an observation that does not say what the rate was
 */
export function predictiveLogLikelihood(state: HmmRegimeState, observation: Observation): number | NotReady {
  if (!state.regimes || !isKnown(observation)) return NOT_READY;
  const { step, value } = observation;
  const residual = Math.log(value + oneOf(state.stepMs)) - expected(state.expectations, zone(state.zone).weekOffset(step));
  const ahead = beginAhead(state.regimes);
  moveTo(ahead, state, state.regimes, Math.max(1, Math.round((step - state.lastStep) / state.stepMs)));
  const { weights, means, deviations } = ahead.mixture;
  const logs = weights.map((weight, k) => {
    const deviation = deviations[k] as number;
    const z = (residual - (means[k] as number)) / deviation;
    return Math.log(weight) - 0.5 * (LOG_2_PI + z * z) - Math.log(deviation);
  });
  const largest = Math.max(...logs);
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0));
}
