/** The last `capacity` numbers, oldest first. */
export class Ring {
  readonly values: Float64Array;
  #next = 0;
  #size = 0;

  constructor(capacity: number) {
    this.values = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  push(value: number): void {
    this.values[this.#next] = value;
    this.#next = (this.#next + 1) % this.values.length;
    if (this.#size < this.values.length) this.#size++;
  }

  /** The value `back` pushes ago: 0 = the newest. NaN when that far was never reached. */
  back(back: number): number {
    if (back < 0 || back >= this.#size) return Number.NaN;
    const index = this.#next - 1 - back;
    return this.values[index < 0 ? index + this.values.length : index] as number;
  }

  /** Oldest first. */
  toArray(): Float64Array {
    const out = new Float64Array(this.#size);
    for (let i = 0; i < this.#size; i++) out[i] = this.back(this.#size - 1 - i);
    return out;
  }

  static from(capacity: number, values: Iterable<number>): Ring {
    const ring = new Ring(capacity);
    for (const value of values) ring.push(value);
    return ring;
  }
}
