import { AuspexError } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';

/** A recommendation and the step (epoch ms) it was made for. */
export interface Recommendation {
  readonly step: number;
  readonly units: number;
}

/** Recommendations inside the stabilisation window by pool, oldest first. */
export type ReactiveState = Map<string, Recommendation[]>;

export function encodeReactive(state: ReactiveState): Uint8Array {
  return pack([...state].map(([pool, entries]) => [pool, entries.map((entry) => [entry.step, entry.units])]));
}

/** @throws AuspexError `STATE_UNREADABLE` on bytes that `encodeReactive` did not make */
export function decodeReactive(bytes: Uint8Array): ReactiveState {
  try {
    const entries = unpack<[string, [number, number][]][]>(bytes);
    return new Map(entries.map(([pool, list]) => [pool, list.map(([step, units]) => ({ step: whole(step), units: whole(units) }))]));
  } catch (cause) {
    throw new AuspexError('STATE_UNREADABLE', 'the state of the allocator is not what it wrote', { cause });
  }
}

function whole(value: unknown): number {
  if (!Number.isFinite(value)) throw new TypeError(`${String(value)} is no number`);
  return value as number;
}
