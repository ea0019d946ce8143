export { type BehaviorOptions, behaviorConfig } from './config.ts';
export { behavior } from './plugin.ts';
export { bestLag } from './relate.ts';
