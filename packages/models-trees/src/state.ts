import { AuspexError, type SeriesInfo } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import { beginHistory, type History, historyLength, rebuild } from './history.ts';

/** What is kept of one series. */
export interface TreesState {
  readonly id: string;
  readonly zone: string;
  readonly history: History;
}

const VERSION = 1;

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
    rates: history.rates,
  });
}

/**
 * @param info what `begin` would be given now: its zone may have been set right since
 * @throws AuspexError `STATE_UNREADABLE` on bytes that `encodeState` did not write, or of another length of step
 */
export function decodeState(bytes: Uint8Array, info?: SeriesInfo): TreesState {
  try {
    const { version, id, zone, stepMs, last, bound, boundStep, rates } = unpack<
      { version: number; id: string; zone: string } & Pick<History, 'stepMs' | 'last' | 'bound' | 'boundStep' | 'rates'>
    >(bytes);
    if (version !== VERSION || typeof id !== 'string' || typeof zone !== 'string') throw new TypeError(`version ${version}`);
    if (!(stepMs > 0) || !(rates instanceof Float32Array) || rates.length !== historyLength(stepMs)) throw new TypeError('no history');
    if (typeof last !== 'number' || !(bound >= 0)) throw new TypeError('no last step');
    const history = beginHistory(stepMs);
    history.rates.set(rates);
    history.last = last;
    history.bound = bound;
    history.boundStep = boundStep;
    rebuild(history);
    if (info && info.stepMs !== stepMs) throw new TypeError(`a step of ${stepMs} ms`);
    return { id, zone: info?.zone ?? zone, history };
  } catch (cause) {
    throw new AuspexError('STATE_UNREADABLE', 'the state of boosted-trees is not what it wrote', { cause });
  }
}
