import { AuspexError } from '@auspex/contracts';
import { type HpaRecommendation, pack, unpack } from '@auspex/numerics';

/** A recommendation and the step (epoch ms) it was made for. */
export type Recommendation = HpaRecommendation;

/** What is remembered of one pool. */
export interface ReactiveMemory {
  /** Inside the stabilisation window, oldest first. */
  recommendations: readonly Recommendation[];
  /** Rates seen inside the stable window, oldest first; kept only with `panic`. */
  rates: readonly { readonly step: number; readonly rate: number }[];
  /** The last step that was over the threshold, and the units below which none fall until it is over. */
  panic: Recommendation | undefined;
}

/** By pool. */
export type ReactiveState = Map<string, ReactiveMemory>;

type Pair = [number, number];

export function encodeReactive(state: ReactiveState): Uint8Array {
  return pack(
    [...state].map(([pool, { recommendations, rates, panic }]) => [
      pool,
      recommendations.map(({ step, units }) => [step, units]),
      rates.map(({ step, rate }) => [step, rate]),
      panic ? [panic.step, panic.units] : null,
    ]),
  );
}

/** @throws AuspexError `STATE_UNREADABLE` on bytes that `encodeReactive` did not make */
export function decodeReactive(bytes: Uint8Array): ReactiveState {
  try {
    // The last two are absent in states from before there was a panic.
    const pools = unpack<[string, Pair[], Pair[]?, (Pair | null)?][]>(bytes);
    return new Map(
      pools.map(([pool, recommendations, rates = [], panic = null]) => [
        pool,
        {
          recommendations: recommendations.map(recommendation),
          rates: rates.map(([step, rate]) => ({ step: finite(step), rate: finite(rate) })),
          panic: panic === null ? undefined : recommendation(panic),
        },
      ]),
    );
  } catch (cause) {
    throw new AuspexError('STATE_UNREADABLE', 'the state of the allocator is not what it wrote', { cause });
  }
}

function recommendation([step, units]: Pair): Recommendation {
  return { step: finite(step), units: finite(units) };
}

function finite(value: unknown): number {
  if (!Number.isFinite(value)) throw new TypeError(`${String(value)} is no number`);
  return value as number;
}
