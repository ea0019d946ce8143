export { type RedfishHost, type RedfishOptions, type RedfishPool, redfishConfig } from './config.ts';
export { redfish } from './plugin.ts';
