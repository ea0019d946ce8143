import { brokenDetectors, rightDetector } from './broken/detect.ts';
import { prove } from './proof.ts';

prove('detector', rightDetector, brokenDetectors);
