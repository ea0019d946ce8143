import type { Anomaly, Detector, Observation, Random, SeriesInfo } from '@auspex/contracts';
import { learnBounded, scoreOf, surpriseAbove } from '@auspex/numerics';
import { isKnown, oneOf } from '../predictor/observe.ts';
import { fitRegimes, isFitDue } from '../predictor/regimes.ts';
import type { RegimeOptions } from './config.ts';
import { beginState, decodeState, encodeState, type RegimeState } from './state.ts';

/** Steps that are judged before there is a score. */
const FILL = 120;
/** Nats below the usual likelihood that are nothing, and the most that count. */
const LEAST = 1;
const MOST = 1e6;

const value = new Float64Array(1);

/** How unlikely a step is under regimes that last: the predictive likelihood of a hidden Markov chain, as a tail probability under its own past. */
export class Regime implements Detector<RegimeState> {
  readonly #options: RegimeOptions;
  readonly #random: Random;

  constructor(options: RegimeOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  begin(series: SeriesInfo): RegimeState {
    return beginState(series, this.#options.window);
  }

  detect(state: RegimeState, observation: Observation, expected: number | undefined): Anomaly {
    const { step, truth } = observation;
    const { group, pop } = state;
    const answer = (score: number, cause: string): Anomaly => ({ group, pop, step, score, cause });
    if (!isKnown(observation)) {
      this.#pass(state);
      return answer(0, truth === 'observed' ? 'its value is no rate' : `the step is ${truth}`);
    }
    if (expected === undefined) {
      this.#pass(state);
      return answer(0, 'nothing is expected yet');
    }
    const one = oneOf(state.stepMs);
    const residual = Math.log((observation.value + one) / (Math.max(0, expected) + one));
    const judged = this.#judge(state, residual);
    this.#learn(state, residual);
    if (judged === undefined) return answer(0, 'too few steps were seen');
    const percent = Math.round(100 * Math.expm1(residual));
    return answer(scoreOf(judged), `${percent < 0 ? '' : '+'}${percent} % of what is expected, which no regime explains`);
  }

  encode(state: RegimeState): Uint8Array {
    return encodeState(state);
  }

  decode(bytes: Uint8Array): RegimeState {
    return decodeState(bytes, this.#options.states, this.#options.window);
  }

  /** The surprise of a step by what was known before it; then it is measured by. Undefined while little is known. */
  #judge(state: RegimeState, residual: number): number | undefined {
    if (!state.regimes) return undefined;
    value[0] = residual;
    const likelihood = Math.max(-MOST, state.regimes.filter.observe(value));
    const far = state.judged === 0 ? 0 : Math.max(0, state.usual - likelihood);
    const surprise = state.judged < FILL ? undefined : surpriseAbove(state.below, far, LEAST);
    // What is out of all measure must not lower what is usual.
    const bounded = state.judged === 0 ? likelihood : Math.max(likelihood, state.usual - 10);
    state.judged++;
    state.usual += (bounded - state.usual) / Math.min(state.judged, this.#options.memory);
    learnBounded(state.below, far, LEAST, this.#options.memory);
    return surprise;
  }

  #learn(state: RegimeState, residual: number): void {
    state.residuals.push(residual);
    state.observed++;
    if (isFitDue(state, this.#options.refitEvery)) fitRegimes(state, this.#options.states, this.#random);
  }

  /** A step of which nothing is known: the chain moves on. */
  #pass(state: RegimeState): void {
    state.regimes?.filter.advance();
  }
}
