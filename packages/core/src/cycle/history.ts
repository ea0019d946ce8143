import type { Observation, SeriesInfo, TrainingSeries, Truth } from '@auspex/contracts';

const TRUTHS: readonly Truth[] = ['observed', 'censored', 'masked', 'missing'];
/** Steps a piece. */
const PIECE = 1024;

/** Steps that follow each other: five bytes each. What has been written is never written again. */
interface Piece {
  readonly values: Float32Array;
  readonly truths: Uint8Array;
}

/** Where a series' history begins and ends. */
interface Span {
  readonly pieces: readonly Piece[];
  /** Place of the oldest step in the first piece. */
  readonly first: number;
  readonly length: number;
  /** Start of the newest step, epoch ms. */
  readonly lastStep: number;
  readonly stepMs: number;
}

/**
 * A history as it was. It shares the pieces of the one that goes on: that one writes behind the end of this, never inside, so that
 * nothing has to be copied.
 */
class FrozenObservations implements Iterable<Observation> {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  *[Symbol.iterator](): Generator<Observation, void, undefined> {
    const { pieces, first, length, lastStep, stepMs } = this.#span;
    let step = lastStep - (length - 1) * stepMs;
    for (let place = first; place < first + length; place++) {
      const { values, truths } = pieces[Math.floor(place / PIECE)] as Piece;
      yield { step, value: values[place % PIECE] as number, truth: TRUTHS[truths[place % PIECE] as number] as Truth };
      step += stepMs;
    }
  }
}

/** The last observations of one series. */
class SeriesHistory {
  /** As of the newest step: how far ahead it is asked may move. */
  info: SeriesInfo;
  readonly #capacity: number;
  #pieces: Piece[] = [];
  /** Steps in the pieces; those before the last `capacity` of them count no more. */
  #count = 0;
  #lastStep = Number.NaN;

  constructor(info: SeriesInfo, capacity: number) {
    this.info = info;
    this.#capacity = capacity;
  }

  /** Would this step leave a hole behind the last one? */
  skipsTo(step: number): boolean {
    return this.#count > 0 && step !== this.#lastStep + this.info.stepMs;
  }

  clear(): void {
    this.#pieces = [];
    this.#count = 0;
  }

  push({ step, value, truth }: Observation): void {
    if (this.#count === this.#pieces.length * PIECE) this.#pieces.push({ values: new Float32Array(PIECE), truths: new Uint8Array(PIECE) });
    const { values, truths } = this.#pieces[this.#pieces.length - 1] as Piece;
    values[this.#count % PIECE] = value;
    truths[this.#count % PIECE] = TRUTHS.indexOf(truth);
    this.#count++;
    this.#lastStep = step;
    if (this.#count - PIECE >= this.#capacity) {
      this.#pieces.shift();
      this.#count -= PIECE;
    }
  }

  freeze(): TrainingSeries {
    const length = Math.min(this.#count, this.#capacity);
    const { stepMs } = this.info;
    const span = { pieces: [...this.#pieces], first: this.#count - length, length, lastStep: this.#lastStep, stepMs };
    return Object.freeze({ series: this.info, observations: Object.freeze(new FrozenObservations(span)) });
  }
}

/** What trainable predictors are trained on. Steps follow each other without holes, since the cycle runs for missing steps too. */
export class TrainingHistory {
  readonly #series = new Map<string, SeriesHistory>();
  /** First step of each series, epoch ms, kept or not: after a restart its history has to begin where it did. */
  readonly #begun = new Map<string, number>();
  /** Most steps a series; the newest are kept. */
  readonly capacity: number;

  /** @param capacity most steps a series; the newest are kept */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  push(info: SeriesInfo, observation: Observation): void {
    let history = this.#series.get(info.id);
    if (!history) {
      history = new SeriesHistory(info, this.capacity);
      this.#series.set(info.id, history);
    }
    if (history.skipsTo(observation.step)) {
      // A skipped span would shift every step before it: what lies there is given up.
      history.clear();
      this.#begun.set(info.id, observation.step);
    }
    if (!this.#begun.has(info.id)) this.#begun.set(info.id, observation.step);
    history.info = info;
    history.push(observation);
  }

  has(id: string): boolean {
    return this.#series.has(id);
  }

  forget(id: string): void {
    this.#series.delete(id);
    this.#begun.delete(id);
  }

  /** First step of each series, for the snapshot. */
  begins(): (readonly [id: string, step: number])[] {
    return [...this.#begun];
  }

  /** Says where each series began, before its history is read again from usage. */
  beginAt(begins: Iterable<readonly [id: string, step: number]>): void {
    for (const [id, step] of begins) this.#begun.set(id, step);
  }

  /** First step of a series, epoch ms; undefined = not known. */
  begun(id: string): number | undefined {
    return this.#begun.get(id);
  }

  /** All of it as it is now, whatever is pushed later. Costs microseconds a series: nothing is copied. */
  freeze(): readonly TrainingSeries[] {
    // By name: the order in which series came is not the same after a restart.
    const all = [...this.#series.values()].sort((a, b) => (a.info.id < b.info.id ? -1 : 1));
    return Object.freeze(all.map((history) => history.freeze()));
  }
}
