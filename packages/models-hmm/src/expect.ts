import { backward } from './backward.ts';
import { type Forward, forward, forwardRoom } from './forward.ts';
import type { Parameters } from './parameters.ts';
import { smooth } from './posteriors.ts';
import { lengthOf, type Sequence } from './sequence.ts';

/** What the E-step knows: enough to set every parameter anew. */
export interface Expectation {
  /** log P(sequence | the parameters that the E-step was made with). */
  logLikelihood: number;
  /** gamma at the first step, [K]. */
  readonly start: Float64Array;
  /** Sum over time of xi, [K x K]: expected moves from row to column. */
  readonly moves: Float64Array;
  /** gamma, [T x K]. */
  readonly posteriors: Float64Array;
}

/** Working memory of the E-step for one length: Baum-Welch makes it once. */
export interface ExpectRoom {
  readonly passed: Forward;
  readonly expectation: Expectation;
}

export function expectRoom(length: number, states: number): ExpectRoom {
  return {
    passed: forwardRoom(length, states),
    expectation: {
      logLikelihood: 0,
      start: new Float64Array(states),
      moves: new Float64Array(states * states),
      posteriors: new Float64Array(length * states),
    },
  };
}

/** The E-step of Baum-Welch (Rabiner 1989, equations 27 and 37). The answer lives in `room` and is overwritten by the next. */
export function expect(
  parameters: Parameters,
  sequence: Sequence,
  room: ExpectRoom = expectRoom(lengthOf(sequence), parameters.states),
): Expectation {
  const { states, transition } = parameters;
  const { passed, expectation } = room;
  const { filtered, emissions, scales } = forward(parameters, sequence, passed);
  const later = backward(parameters, passed, expectation.posteriors);
  const { moves } = expectation;
  moves.fill(0);
  for (let row = states, t = 1; row < filtered.length; row += states, t++) {
    const scale = scales[t] as number;
    for (let j = 0; j < states; j++) {
      const arrival = ((emissions[row + j] as number) * (later[row + j] as number)) / scale;
      for (let i = 0; i < states; i++) {
        const a = i * states + j;
        moves[a] = (moves[a] as number) + (filtered[row - states + i] as number) * (transition[a] as number) * arrival;
      }
    }
  }
  smooth(states, filtered, later);
  for (let k = 0; k < states; k++) expectation.start[k] = later[k] as number;
  expectation.logLikelihood = passed.logLikelihood;
  return expectation;
}
