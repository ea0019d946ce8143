import type { Observation, SeriesInfo } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';

/** Observations kept of a series between two forecasts; when more come the oldest are dropped and counted. */
export const MOST_PENDING = 4_096;

/** One series of a remote predictor: its state there, as bytes, and what it has not been told yet. */
export interface RemoteState {
  readonly info: SeriesInfo;
  /** As the plugin gave it last; undefined = not begun. */
  bytes: Uint8Array | undefined;
  pending: Observation[];
  /** Steps dropped between `bytes` and `pending`. */
  lost: number;
  /** The state after the first `count` of `pending`, once the plugin has said it: taken over when the next step closes. */
  ahead: { readonly bytes: Uint8Array; readonly count: number } | undefined;
}

export function beginState(info: SeriesInfo): RemoteState {
  return { info, bytes: undefined, pending: [], lost: 0, ahead: undefined };
}

export function observeState(state: RemoteState, observation: Observation): RemoteState {
  if (state.ahead?.count === state.pending.length) {
    state.bytes = state.ahead.bytes;
    state.pending = [];
    state.lost = 0;
  }
  // What the plugin said of fewer steps than are pending now can no longer be told apart from what it has to be told.
  state.ahead = undefined;
  state.pending.push(observation);
  if (state.pending.length > MOST_PENDING) {
    state.pending.shift();
    state.lost++;
  }
  return state;
}

const FORMAT = 1;
const TRUTHS = ['observed', 'censored', 'masked', 'missing'] as const;

interface Encoded {
  readonly v: number;
  readonly info: SeriesInfo;
  readonly bytes: Uint8Array | null;
  readonly lost: number;
  readonly steps: Float64Array;
  readonly values: Float64Array;
  readonly truths: Uint8Array;
}

/** Without `ahead`, so that a forecast changes nothing in what is stored. */
export function encodeState({ info, bytes, pending, lost }: RemoteState): Uint8Array {
  const encoded: Encoded = {
    v: FORMAT,
    info,
    bytes: bytes ?? null,
    lost,
    steps: Float64Array.from(pending, ({ step }) => step),
    values: Float64Array.from(pending, ({ value }) => value),
    truths: Uint8Array.from(pending, ({ truth }) => TRUTHS.indexOf(truth)),
  };
  return pack(encoded);
}

/** @throws Error for bytes that hold no state of this version */
export function decodeState(given: Uint8Array): RemoteState {
  const encoded = unpack<Partial<Encoded> | null>(given);
  const { v, info, bytes, lost, steps, values, truths } = encoded ?? {};
  if (v !== FORMAT) throw new Error(`state of a remote predictor of format ${String(v)}; this version reads ${FORMAT}`);
  if (info === undefined || lost === undefined || steps === undefined || values === undefined || truths === undefined) {
    throw new Error('no state of a remote predictor');
  }
  const pending = Array.from(steps, (step, i): Observation => {
    return { step, value: values[i] as number, truth: TRUTHS[truths[i] as number] ?? 'missing' };
  });
  // A copy: what was unpacked is a view of the bytes given.
  return { info, bytes: bytes ? Uint8Array.from(bytes) : undefined, pending, lost, ahead: undefined };
}
