import type { Anomaly, Detector, DetectView, Observation, SeriesInfo } from '@auspex/contracts';
import { scoreOf, surpriseOf } from '@auspex/numerics';
import { combine } from '../combine.ts';
import { type CombinedState, decodeState, encodeState } from './state.ts';

/** A detector that has a say. */
export interface Part {
  /** Unique among the parts: its state goes by it. */
  readonly id: string;
  readonly detector: Detector;
}

/** One score out of those of its parts. A part that scores 0 has nothing to say, and does not count. */
export class Combined implements Detector<CombinedState> {
  readonly #parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  begin(series: SeriesInfo): CombinedState {
    return { series, states: this.#parts.map(({ detector }) => detector.begin(series)) };
  }

  detect({ series, states }: CombinedState, observation: Observation, expected: number | undefined, view?: DetectView): Anomaly {
    const said = this.#parts.map(({ detector }, index) => detector.detect(states[index], observation, expected, view));
    const { name: group, pop } = series;
    const { step } = observation;
    const counted = said.filter(({ score }) => score > 0);
    if (counted.length === 0) return { group, pop, step, score: 0, cause: (said[0] as Anomaly).cause };
    const { cause } = counted.reduce((a, b) => (b.score > a.score ? b : a));
    return { group, pop, step, score: scoreOf(combine(counted.map(({ score }) => surpriseOf(score)))), cause };
  }

  encode(state: CombinedState): Uint8Array {
    return encodeState(state, this.#parts);
  }

  decode(bytes: Uint8Array): CombinedState {
    return decodeState(bytes, this.#parts);
  }
}
