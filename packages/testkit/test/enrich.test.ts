import { brokenEnrichers, rightEnricher } from './broken/enrich.ts';
import { prove } from './proof.ts';

prove('enricher', rightEnricher, brokenEnrichers);
