export { behaviorConfig, type BehaviorOptions } from './config.ts';
export { behavior } from './plugin.ts';
export { bestLag } from './relate.ts';
