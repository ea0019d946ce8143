import { brokenLearners, rightLearner } from './broken/learn.ts';
import { prove } from './proof.ts';

prove('learner', rightLearner, brokenLearners);
