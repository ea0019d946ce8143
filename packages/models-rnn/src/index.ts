export { type RnnOptions, rnnConfig } from './config.ts';
export { rnn } from './plugin.ts';
export type { RnnState } from './state.ts';
