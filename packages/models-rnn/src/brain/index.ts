export { type BrainOptions, brainConfig } from './config.ts';
export { brainLstm } from './plugin.ts';
export type { BrainState } from './state.ts';
