import { brokenAssessors, rightAssessor } from './broken/assess.ts';
import { prove } from './proof.ts';

prove('assessor', rightAssessor, brokenAssessors);
