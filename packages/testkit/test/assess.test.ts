import { prove } from './broken/actuate.ts';
import { brokenAssessors, rightAssessor } from './broken/assess.ts';

prove('assessor', rightAssessor, brokenAssessors);
