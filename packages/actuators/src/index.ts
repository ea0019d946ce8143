export {
  createSimulatedActuator,
  type Delay,
  Fleet,
  type FleetOptions,
  fleetOptions,
  type SimulatedOptions,
  simulated,
  simulatedConfig,
} from './simulated/index.ts';
