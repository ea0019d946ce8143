/**
 * Exact counts by key while a step has at most `cap` distinct keys; above that, the keys whose hash has at
 * least `level` trailing zero bits (adaptive sampling, Flajolet 1990), everything else in `other`.
 * A key that is kept always has its exact count, and the result does not depend on the order of events.
 */
export interface Tally {
  level: number;
  counts: Map<string, number>;
  other: number;
}

/**
 * Distinct keys: a set of 32-bit hashes while small, HyperLogLog registers (Flajolet et al. 2007) above.
 * Which of the two it is depends on the keys alone, never on their order.
 */
export type DistinctSketch = { readonly hashes: Set<number> } | { readonly registers: Uint8Array };

/**
 * What one group did at one POP in one step. A commutative monoid under `mergeUsage`: order does not matter and
 * halves add up to the whole (exactly, while counts are whole numbers below 2^53; else to rounding).
 */
export interface Usage {
  /** Start of the step, epoch milliseconds. */
  readonly step: number;
  readonly group: string;
  readonly pop: string;
  /** First attempts of requests, whatever became of them. The demand, unless the step is censored. */
  offered: number;
  /** Requests served, any attempt. */
  served: number;
  throttled: number;
  failed: number;
  timedOut: number;
  /** Requests that were a second or later attempt. */
  retried: number;
  /** Sum of count x weight over first attempts. */
  work: number;
  bytes: number;
  /** Events by kind, requests included. */
  kinds: Tally;
  resources: Tally;
  features: Tally;
  countries: Tally;
  accessLevels: Tally;
  users: DistinctSketch;
  /** Requests by source: the hash of the user as eight hexadecimal digits, another one each local day. At most 64 sources are kept. */
  sources: Tally;
  sessionStarts: number;
  sessionEnds: number;
  /** Ended sessions by length: bin i counts lengths in [2^i, 2^(i+1)) seconds, the first from 0, the last (16) open. */
  sessionLengths: number[];
}

/** What a closed step is known to say about demand. */
export type Truth =
  /** `offered` is what users wanted. */
  | 'observed'
  /** Capacity hid demand (throttling, use above saturation): `offered` is a bound, never an observation. */
  | 'censored'
  /** The step lies in an incident, a rollout or a declared load test: not to be learnt from. */
  | 'masked'
  /** The source was down or silent without being healthy: nothing is known. Not zero. */
  | 'missing';

/** The value of a closed usage that a pool or series counts. */
export type Measure = 'requests' | 'work' | 'bytes' | 'sessions';
