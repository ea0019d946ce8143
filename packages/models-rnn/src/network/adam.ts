const [BETA1, BETA2] = [0.9, 0.999] as const;

/** Adam (Kingma & Ba 2015) over one flat array of weights. */
export class Adam {
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  readonly #epsilon: number;
  #steps = 0;

  /** @param epsilon added to the root of the corrected second moment, as in the paper, PyTorch and TensorFlow.js */
  constructor(size: number, epsilon: number) {
    this.#epsilon = epsilon;
    this.#first = new Float64Array(size);
    this.#second = new Float64Array(size);
  }

  /** One step down the gradient, in place. */
  step(weights: Float64Array, gradient: Float64Array, rate: number): void {
    const t = ++this.#steps;
    const size = (rate * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t);
    const epsilon = this.#epsilon * Math.sqrt(1 - BETA2 ** t);
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i] as number;
      const first = BETA1 * (this.#first[i] as number) + (1 - BETA1) * g;
      const second = BETA2 * (this.#second[i] as number) + (1 - BETA2) * g * g;
      this.#first[i] = first;
      this.#second[i] = second;
      weights[i] = (weights[i] as number) - (size * first) / (Math.sqrt(second) + epsilon);
    }
  }
}

/** Scales a gradient down to length `most` when it is longer (Pascanu et al. 2013). Returns its length before. */
export function clip(gradient: Float64Array, most: number): number {
  let square = 0;
  for (const g of gradient) square += g * g;
  const length = Math.sqrt(square);
  if (length > most) for (let i = 0; i < gradient.length; i++) gradient[i] = ((gradient[i] as number) * most) / length;
  return length;
}
