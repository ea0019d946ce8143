export type { Identity, Launch, ProcessClient, Started } from './client.ts';
export { type ProcessOptions, type ProcessPool, processConfig } from './config.ts';
export { createProcessActuator, processes } from './plugin.ts';
export type { Roster, Worker } from './roster.ts';
export { type ProcessParts, type ProcessStatus, ProcessTarget, type Seen } from './target.ts';
