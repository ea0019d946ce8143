import { formatDuration } from '@auspex/contracts';

/** A horizontal pod autoscaler as its operator can set it. */
export interface HpaCandidate {
  readonly kind: 'hpa';
  /** Use of a unit that it aims at. */
  readonly target: number;
  readonly stabilisationMs: number;
  /** Fewest units. */
  readonly min: number;
}

/** The allocator `quantile` on the recorded forecasts. */
export interface AuspexCandidate {
  readonly kind: 'auspex';
  /** Price of an hour short against an hour idle. */
  readonly price: number;
  readonly floor: 'none' | 'reactive';
  /** Use for which units are planned; undefined = each pool's own target. */
  readonly target: number | undefined;
}

export type Candidate = HpaCandidate | AuspexCandidate;

/** What is tried. */
export interface SweepGrid {
  /** Default 3, 10, 30, 100. */
  readonly prices?: readonly number[];
  readonly hpa?: {
    /** Default 0.3, 0.4 .. 0.9. */
    readonly targets?: readonly number[];
    /** Default 5, 15 and 60 minutes. */
    readonly stabilisationMs?: readonly number[];
    /** Default 1, 4, 8. */
    readonly mins?: readonly number[];
  };
}

const MINUTE_MS = 60_000;

export function pricesOf({ prices = [3, 10, 30, 100] }: SweepGrid): readonly number[] {
  return [...new Set(prices)].sort((a, b) => a - b);
}

/** Every price, with and without the reactive floor, planned for the latency goal and for the pools' own targets. */
export function auspexCandidates(grid: SweepGrid, goal: number, targets: readonly number[]): AuspexCandidate[] {
  const own = targets.every((target) => target === goal) ? [] : [undefined];
  return pricesOf(grid).flatMap((price) =>
    (['none', 'reactive'] as const).flatMap((floor) => [goal, ...own].map((target) => ({ kind: 'auspex' as const, price, floor, target }))),
  );
}

export function hpaCandidates({ hpa = {} }: SweepGrid): HpaCandidate[] {
  const {
    targets = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    stabilisationMs = [5, 15, 60].map((each) => each * MINUTE_MS),
    mins = [1, 4, 8],
  } = hpa;
  return targets.flatMap((target) =>
    stabilisationMs.flatMap((window) => mins.map((min) => ({ kind: 'hpa' as const, target, stabilisationMs: window, min }))),
  );
}

/** What people read. */
export function labelOf(candidate: Candidate): string {
  if (candidate.kind === 'hpa') {
    return `HPA at ${percent(candidate.target)}, ${formatDuration(candidate.stabilisationMs)}, min ${candidate.min}`;
  }
  const planned = candidate.target === undefined ? "pools' targets" : `use ${percent(candidate.target)}`;
  return `Auspex at price ${candidate.price}, ${planned}${candidate.floor === 'reactive' ? ', reactive floor' : ''}`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
