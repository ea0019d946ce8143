import { defineProfiler } from '@auspex/contracts';
import { behaviorConfig } from './config.ts';
import { describe } from './describe.ts';
import { fold } from './fold.ts';
import { forgetUsers } from './forget.ts';
import { relate } from './relate.ts';
import { expectedRate, warmSteps } from './shape.ts';
import { type BehaviorState, beginState, decodeState, encodeState } from './state.ts';

/** The default profiler: level x day x week, sessions, resources, users, and how groups move together. */
export const behavior = defineProfiler({
  id: 'behavior',
  summary: 'Expected rate by time of week, sessions, resources, users and correlated groups, in four kilobytes.',
  config: behaviorConfig,
  create: (options) => ({
    begin: ({ id, zone, stepMs }) => beginState(id, zone, stepMs),
    fold: (state: BehaviorState, step) => fold(state, step, options),
    expected: (state: BehaviorState, at) =>
      state.shape.seen < warmSteps(state.stepMs) ? undefined : expectedRate(state.shape, at, state.zone),
    sensitivity: () => options.sensitivity,
    profile: (state: BehaviorState) => describe(state, options),
    relate,
    forget: forgetUsers,
    encode: encodeState,
    decode: decodeState,
  }),
});
