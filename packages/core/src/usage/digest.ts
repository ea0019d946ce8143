import type { Usage } from '@auspex/contracts';
import { finalise, hash32 } from '@auspex/numerics';

const words = new Uint32Array(2);
const double = new Float64Array(words.buffer);

/** A running 64-bit digest over closed usage: equal inputs give equal digests, whatever their batches were. Not cryptographic. */
export class UsageDigest {
  #high: number;
  #low: number;

  constructor(from = '0000000000000000') {
    this.#high = Number.parseInt(from.slice(0, 8), 16);
    this.#low = Number.parseInt(from.slice(8, 16), 16);
  }

  #mix(word: number): void {
    this.#low = finalise(this.#low ^ word);
    this.#high = finalise((Math.imul(this.#high, 31) + this.#low) | 0);
  }

  #number(value: number): void {
    double[0] = value;
    this.#mix(words[0] as number);
    this.#mix(words[1] as number);
  }

  /** Begins a step: a missing one is not an empty one. */
  begin(step: number, missing: boolean): void {
    this.#number(missing ? -step : step);
  }

  add(usage: Usage): void {
    this.#mix(hash32(usage.group));
    this.#mix(hash32(usage.pop, 1));
    for (const value of [
      usage.step,
      usage.offered,
      usage.served,
      usage.throttled,
      usage.failed,
      usage.timedOut,
      usage.work,
      usage.bytes,
      usage.retried,
      usage.sessionStarts,
    ])
      this.#number(value);
  }

  toString(): string {
    return this.#high.toString(16).padStart(8, '0') + this.#low.toString(16).padStart(8, '0');
  }
}
