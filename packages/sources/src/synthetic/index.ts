export { type SyntheticGroup, type SyntheticInput, type SyntheticOptions, syntheticConfig } from './config.ts';
export { synthetic } from './plugin.ts';
export { SyntheticSource } from './source.ts';
export { type Label, type SyntheticStep, syntheticWorld, World } from './world.ts';
