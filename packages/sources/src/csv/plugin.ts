import { defineSource } from '@auspex/contracts';
import { csvConfig } from './config.ts';
import { CsvSource } from './source.ts';

/** Tables of counts over time. A missing row is a gap, not demand zero. */
export const csv = defineSource({
  id: 'csv',
  summary: 'Tables of counts over time, plain or gzip: a time column, and columns for value, group and more.',
  config: csvConfig,
  capabilities: { replayable: true, silence: 'gap' },
  create: (options, context) => new CsvSource(options, context),
});
