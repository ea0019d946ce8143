import { defineSource } from '@auspex/contracts';
import { syntheticConfig } from './config.ts';
import { SyntheticSource } from './source.ts';

/** Seeded worlds of many groups, with events, incidents and attacks: for trials, tests and demonstrations. */
export const synthetic = defineSource({
  id: 'synthetic',
  summary: 'Seeded worlds: groups by time of week in their zones, sign-ins, sessions, retries, events, incidents, attacks.',
  config: syntheticConfig,
  capabilities: { replayable: true, silence: 'zero' },
  create: (options) => new SyntheticSource(options),
});
