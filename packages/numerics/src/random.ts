import { finalise, hash32 } from './hash.ts';

/** A seeded stream of uniform numbers (sfc32, Doty-Humphrey 2010; passes PractRand). Not for secrets. */
export class SeededRandom {
  readonly #seed: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed any number or text; equal seeds give equal streams */
  constructor(seed: number | string) {
    this.#seed = typeof seed === 'string' ? hash32(seed) : finalise(Math.trunc(seed) ^ Math.floor(seed / 2 ** 32));
    this.#a = finalise(this.#seed ^ 0x9e3779b9);
    this.#b = finalise(this.#a ^ 0x85ebca6b);
    this.#c = finalise(this.#b ^ 0xc2b2ae35);
    for (let i = 0; i < 12; i++) this.#uint32();
  }

  #uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + t) | 0;
    return t >>> 0;
  }

  /** Uniform in [0, 1), 53 bits. */
  next(): number {
    return ((this.#uint32() >>> 5) * 67108864 + (this.#uint32() >>> 6)) / 9007199254740992;
  }

  /** An independent stream; depends on this stream's seed and the label, not on what was drawn. */
  fork(label: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${label}`);
  }

  /** Standard normal (Marsaglia polar). */
  normal(): number {
    for (;;) {
      const u = 2 * this.next() - 1;
      const v = 2 * this.next() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }

  /** Poisson with mean `mean`: by multiplication below 30, by a rounded normal above (error far below a count's own noise). */
  poisson(mean: number): number {
    if (mean >= 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.next(); product > limit; product *= this.next()) count++;
    return count;
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }
}
