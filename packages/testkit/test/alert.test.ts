import { brokenAlertSinks, rightAlertSink } from './broken/alert.ts';
import { prove } from './proof.ts';

prove('alertSink', rightAlertSink, brokenAlertSinks);
