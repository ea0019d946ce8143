import type { Truth } from '@auspex/contracts';
import type { EngineSettings } from '../config/schema.ts';
import type { Load, PoolState } from './pools.ts';

/** Is the step inside a declared incident, rollout or load test? */
export function isMasked(settings: EngineSettings, step: number): boolean {
  return settings.masks.some((mask) => step + settings.step > Date.parse(mask.from) && step < Date.parse(mask.to));
}

/** Did capacity hide part of this demand? Then it is a lower bound. */
export function isThrottled(load: Load, settings: EngineSettings): boolean {
  return load.throttled > settings.throttled * load.requests;
}

/** Were the ready units so busy that some demand may have stayed away? */
export function isSaturated(state: PoolState, rate: number, settings: EngineSettings): boolean {
  return state.ready !== undefined && state.ready > 0 && rate > settings.saturation * state.ready * state.pool.unitRate;
}

/** The truth of a whole step, before capacity is looked at. */
export function stepTruth(settings: EngineSettings, step: number, missing: boolean): Truth {
  if (isMasked(settings, step)) return 'masked';
  return missing ? 'missing' : 'observed';
}
