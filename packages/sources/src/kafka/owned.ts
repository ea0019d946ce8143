/** One partition that this instance owns: how far its shard has taken it, and how far the broker is. */
export class Owned {
  readonly partition: number;
  /** Offset of the next message that the shard has not taken. */
  next: bigint;
  /** Offset after the last message at the broker, as far as it is known. */
  high: bigint;
  /** What is being handed to the shard: nothing may be sought or released meanwhile. */
  pending: Promise<unknown> = Promise.resolve();

  constructor(partition: number, next: bigint, high: bigint) {
    this.partition = partition;
    this.next = next;
    this.high = high;
  }

  get isCaughtUp(): boolean {
    return this.next >= this.high;
  }

  get lag(): number {
    return Number(this.high > this.next ? this.high - this.next : 0n);
  }
}
