import type { PoolView } from '@auspex/contracts';
import { pathMaxima, quantileSorted } from '@auspex/numerics';
import { reactiveRecommendation, unitsNeeded } from '../rollout/reactive-shadow.ts';
import type { PoolState } from './pools.ts';

/**
 * Reads, in full control, whether units may go: why not, and else how many demand may need until more could be there, and a reactive
 * policy asks for. Draws sample paths, so only where fewer units are asked for.
 *
 * @param failed has any stage failed in this step?
 * @returns what stops a reduction; undefined = nothing does, or none is asked for
 */
export function readReduction(
  state: PoolState,
  asked: boolean,
  view: PoolView,
  at: number,
  { keepMs, stepMs }: { readonly keepMs: number; readonly stepMs: number },
  failed: boolean,
): string | undefined {
  if (!asked || state.pool.control === 'floor') {
    state.calm = [];
    return undefined;
  }
  const blocked = obstacle(state, view, failed);
  if (blocked !== undefined) {
    state.calm = [];
    return blocked;
  }
  const { rates, horizon } = view.paths();
  const most = quantileSorted(pathMaxima(rates, horizon, 1, horizon.at(-1) as number), 0.99);
  const reactive = state.surges.shadow ? reactiveRecommendation(state.surges.shadow) : state.pool.max;
  const units = Math.max(unitsNeeded(most, state.pool), reactive);
  // A step between that was only learnt from may have been anything.
  if ((state.calm.at(-1)?.step ?? at) < at - stepMs) state.calm = [];
  // One step more than the window: the oldest says that it has been that long.
  state.calm = [...state.calm.filter(({ step }) => step >= at - keepMs && step < at), { step: at, units }];
  return undefined;
}

function obstacle({ truth }: PoolState, { forecast }: PoolView, failed: boolean): string | undefined {
  if (truth === 'missing') return 'the last step is missing';
  if (truth === 'masked') return 'the last step is masked: an incident or a rollout';
  if (truth === 'censored') return 'part of the demand of the last step is hidden';
  if (failed) return 'a stage has failed in this step';
  return forecast.fallback === undefined ? undefined : `there is no forecast to go by: ${forecast.fallback}`;
}
