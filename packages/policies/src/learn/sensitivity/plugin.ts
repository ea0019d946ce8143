import { defineLearner, type Learner } from '@auspex/contracts';
import { sensitivityConfig } from './config.ts';
import { learnSensitivity, type SensitivityState, sensitivityOf } from './learn.ts';
import { decodeSensitivity, encodeSensitivity } from './state.ts';

/** Learns how much of a group's surges comes of what is seen of them a lead time before. */
export const sensitivity = defineLearner({
  id: 'sensitivity',
  summary: 'Moves the sensitivity of each group by what came of its surges: at most 5 % a day, between 0.5 and 2.',
  config: sensitivityConfig,
  create: (options): Learner<SensitivityState> => ({
    begin: () => new Map(),
    learn: (state, outcomes) => learnSensitivity(state, outcomes, options),
    sensitivity: (state, group) => (state.has(group) ? sensitivityOf(state.get(group), options) : undefined),
    forget: (state, group) => {
      state.delete(group);
      return state;
    },
    encode: encodeSensitivity,
    decode: decodeSensitivity,
  }),
});
