export { type EventOptions, events } from './events.ts';
export { burst, clockChange, coldStart, daily, gap, outage, retries, steady, WORLDS, type WorldOptions, type WorldStep } from './world.ts';
