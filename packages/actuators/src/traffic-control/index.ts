export { type ClassPool, type TrafficControlOptions, trafficControlConfig } from './config.ts';
export { trafficControl } from './plugin.ts';
