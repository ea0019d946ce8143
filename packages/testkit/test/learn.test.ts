import { prove } from './broken/actuate.ts';
import { brokenLearners, rightLearner } from './broken/learn.ts';

prove('learner', rightLearner, brokenLearners);
