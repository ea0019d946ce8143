export { type TreesOptions, treesConfig } from './config.ts';
export { boostedTrees } from './plugin.ts';
