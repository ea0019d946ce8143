import type { Observation, SeriesInfo, TrainingSeries, Truth } from '@auspex/contracts';

const TRUTHS: readonly Truth[] = ['observed', 'censored', 'masked', 'missing'];

/** The last observations of one series, for training: five bytes a step. */
class SeriesHistory {
  readonly info: SeriesInfo;
  readonly #values: Float32Array;
  readonly #truths: Uint8Array;
  #count = 0;
  #lastStep = 0;

  constructor(info: SeriesInfo, capacity: number) {
    this.info = info;
    this.#values = new Float32Array(capacity);
    this.#truths = new Uint8Array(capacity);
  }

  push(observation: Observation): void {
    // A skipped span would shift every step before it: what lies there is given up.
    if (this.#count > 0 && observation.step !== this.#lastStep + this.info.stepMs) this.#count = 0;
    const slot = this.#count++ % this.#values.length;
    this.#values[slot] = observation.value;
    this.#truths[slot] = TRUTHS.indexOf(observation.truth);
    this.#lastStep = observation.step;
  }

  observations(): Observation[] {
    const length = Math.min(this.#count, this.#values.length);
    return Array.from({ length }, (_, i): Observation => {
      const slot = (this.#count - length + i) % this.#values.length;
      return {
        step: this.#lastStep - (length - 1 - i) * this.info.stepMs,
        value: this.#values[slot] as number,
        truth: TRUTHS[this.#truths[slot] as number] as Truth,
      };
    });
  }
}

/** What trainable predictors are trained on. Steps follow each other without holes, since the cycle runs for missing steps too. */
export class TrainingHistory {
  readonly #series = new Map<string, SeriesHistory>();
  readonly #capacity: number;

  /** @param capacity most steps a series; the newest are kept */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(info: SeriesInfo, observation: Observation): void {
    let history = this.#series.get(info.id);
    if (!history) {
      history = new SeriesHistory(info, this.#capacity);
      this.#series.set(info.id, history);
    }
    history.push(observation);
  }

  has(id: string): boolean {
    return this.#series.has(id);
  }

  forget(id: string): void {
    this.#series.delete(id);
  }

  all(): TrainingSeries[] {
    // By name: the order in which series came is not the same after a restart.
    return [...this.#series.values()]
      .sort((a, b) => (a.info.id < b.info.id ? -1 : 1))
      .map((history) => ({ series: history.info, observations: history.observations() }));
  }
}
