import { prove } from './broken/actuate.ts';
import { brokenDetectors, rightDetector } from './broken/detect.ts';

prove('detector', rightDetector, brokenDetectors);
