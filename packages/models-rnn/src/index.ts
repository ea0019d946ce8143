export { type RnnOptions, rnnConfig } from './config.ts';
export { HORIZONS } from './network.ts';
export { rnn } from './plugin.ts';
export type { RnnState } from './state.ts';
