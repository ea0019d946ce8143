import { z } from 'zod';
import { markShape } from '../target/file-marks.ts';

const count = z.int().nonnegative();

/** What a receiver answers when it is read. Further keys are ignored. */
export const stateShape = z.object({
  /** Units ordered. */
  units: count,
  /** Units that serve now. */
  ready: count,
  /** It keeps to `expires`: absent or false, and floors are refused. */
  leases: z.boolean().optional(),
  /** Most and fewest units that it allows. */
  most: count.optional(),
  least: count.optional(),
  /** A word on the state, such as why units are not ready; cut after 300 characters. */
  detail: z
    .string()
    .transform((text) => text.slice(0, 300))
    .optional(),
  /** The `mark` of the last order, as it came. */
  mark: markShape.nullish(),
});

export type State = z.output<typeof stateShape>;

/** What a receiver answers to an order: that it keeps to both. Further keys are ignored. */
export const confirmationShape = z.object({
  epoch: z.number().optional(),
  expires: z.string().nullish(),
});

export type Confirmation = z.output<typeof confirmationShape>;

/** The body of an order. Times are ISO 8601 in UTC. */
export interface Message {
  /** Idempotency key, also in the header `webhook-id`. */
  readonly key: string;
  readonly pool: string;
  readonly pop?: string;
  /** Units to hold from now on, absolute. */
  readonly units: number;
  readonly min?: number;
  readonly max?: number;
  /** Lease epoch; the receiver refuses one lower than it has seen for the pool. */
  readonly epoch: number;
  readonly step?: string;
  /** Of a floor: until when it holds. Absent = for good. */
  readonly expires?: string;
  /** Units that the receiver goes back to by itself at `expires`. */
  readonly original?: number;
  /** To be kept, and to be given back as it is when the receiver is read; null = forget it. */
  readonly mark: object | null;
}

/** What the target needs of a receiver. Both reject with Refused, Unavailable, Conflict, or the reason of the signal. */
export interface WebhookClient {
  read(pool: string, signal: AbortSignal): Promise<State>;
  order(message: Message, signal: AbortSignal): Promise<Confirmation>;
  close?(): Promise<void>;
}
