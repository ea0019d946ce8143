export type { Power, RedfishClient, ResetType } from './client.ts';
export { type RedfishHost, type RedfishOptions, type RedfishPool, redfishConfig } from './config.ts';
export type { Host } from './host.ts';
export type { Ledger } from './ledger.ts';
export { createRedfishActuator, redfish } from './plugin.ts';
export { type RedfishParts, type RedfishStatus, RedfishTarget } from './target.ts';
