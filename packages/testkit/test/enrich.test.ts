import { prove } from './broken/actuate.ts';
import { brokenEnrichers, rightEnricher } from './broken/enrich.ts';

prove('enricher', rightEnricher, brokenEnrichers);
