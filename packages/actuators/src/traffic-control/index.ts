export type { TrafficClass, TrafficClient } from './client.ts';
export { type ClassPool, type TrafficControlOptions, trafficControlConfig } from './config.ts';
export { createTrafficControlActuator, trafficControl } from './plugin.ts';
export { type ClassStatus, TrafficControlTarget } from './target.ts';
