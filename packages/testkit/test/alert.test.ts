import { prove } from './broken/actuate.ts';
import { brokenAlertSinks, rightAlertSink } from './broken/alert.ts';

prove('alertSink', rightAlertSink, brokenAlertSinks);
