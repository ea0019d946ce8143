export { createSimulatedActuator } from './actuator.ts';
export type { AutoscalerOptions } from './autoscaler.ts';
export { type SimulatedOptions, simulatedConfig } from './config.ts';
export type { Delay } from './delay.ts';
export { Fleet, type FleetOptions } from './fleet.ts';
export { fleetOptions, simulated } from './plugin.ts';
