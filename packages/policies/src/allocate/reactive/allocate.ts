import type { AllocateInput, Allocator } from '@auspex/contracts';
import { withinLimits } from '../importance/limits.ts';
import type { Need } from '../importance/need.ts';
import type { ReactiveOptions } from './config.ts';
import { recommend } from './recommend.ts';
import { decodeReactive, encodeReactive, type ReactiveState } from './state.ts';

const BY = 'allocate(reactive)';

/** Allocates as the Kubernetes HPA does: the last step's demand, nothing foreseen. */
export function reactive(options: ReactiveOptions): Allocator<ReactiveState> {
  return {
    begin: () => new Map(),
    allocate: (state, input) => withinLimits(BY, reactiveNeeds(state, input, options), input),
    encode: encodeReactive,
    decode: decodeReactive,
  };
}

/** What the reactive policy wants for each pool, with its reason; also the floor of other policies. */
export function reactiveNeeds(state: ReactiveState, input: AllocateInput, options: ReactiveOptions): Need[] {
  return input.pools.map((view) => {
    const { units, text } = recommend(state, view, input.step, options);
    return { view, units, tier: 'none', reasons: [{ by: BY, units, text }], weights: view.groups.map(({ surge }) => surge.actual) };
  });
}
