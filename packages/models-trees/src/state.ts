import { AuspexError, type SeriesInfo } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import { beginHistory, type History, historyMost, historySpan, keptRates, restoreRates } from './history.ts';

/** What is kept of one series. */
export interface TreesState {
  readonly id: string;
  readonly zone: string;
  readonly history: History;
}

const VERSION = 2;

export function beginState({ id, zone, stepMs }: SeriesInfo): TreesState {
  return { id, zone, history: beginHistory(stepMs) };
}

export function encodeState({ id, zone, history }: TreesState): Uint8Array {
  return pack({
    version: VERSION,
    id,
    zone,
    stepMs: history.stepMs,
    last: history.last,
    bound: history.bound,
    boundStep: history.boundStep,
    rates: keptRates(history),
  });
}

/**
 * What is decoded forecasts what the state that was written would have, to the last bit.
 *
 * @param info what `begin` would be given now: its zone may have been set right since
 * @throws AuspexError `STATE_UNREADABLE` on bytes that `encodeState` did not write, or of another length of step
 */
export function decodeState(bytes: Uint8Array, info?: SeriesInfo): TreesState {
  try {
    const wire = unpack<Wire>(bytes);
    const { id, zone, stepMs, last, bound, boundStep } = wire;
    if (typeof id !== 'string' || typeof zone !== 'string' || !(stepMs > 0)) throw new TypeError('no series');
    const rates = ratesOf(wire);
    if (rates.length > 0 ? !Number.isInteger(last) : !Number.isNaN(last)) throw new TypeError('no last step');
    if (!(bound >= 0) || typeof boundStep !== 'number') throw new TypeError('no bound');
    if (info && info.stepMs !== stepMs) throw new TypeError(`a step of ${stepMs} ms`);
    const history = beginHistory(stepMs);
    restoreRates(history, last, rates);
    history.bound = bound;
    history.boundStep = boundStep;
    return { id, zone: info?.zone ?? zone, history };
  } catch (cause) {
    throw new AuspexError('STATE_UNREADABLE', 'the state of boosted-trees is not what it wrote', { cause });
  }
}

interface Wire extends Pick<History, 'stepMs' | 'last' | 'bound' | 'boundStep' | 'rates'> {
  readonly version: number;
  readonly id: string;
  readonly zone: string;
}

/** Oldest first. */
function ratesOf({ version, stepMs, last, rates }: Wire): Float32Array {
  if (!(rates instanceof Float32Array)) throw new TypeError('no rates');
  if (version === VERSION && rates.length <= historyMost(stepMs)) return rates;
  // The first version wrote a whole week by number of the step, modulo its length, whatever had been seen.
  if (version !== 1 || rates.length !== historySpan(stepMs)) throw new TypeError(`version ${version}`);
  if (Number.isNaN(last)) return new Float32Array(0);
  const inOrder = rates.map((_, i) => rates[(last + 1 + i) % rates.length] as number);
  return inOrder.subarray(inOrder.findIndex((rate) => !Number.isNaN(rate)));
}
