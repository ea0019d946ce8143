// By its own name: what is tested is what will be published.
import { subject } from '__NAME__/subject';
import { describe, it } from 'node:test';
import { testLaws } from '@auspex/testkit';

// One test a law. `npm run check` says the same as a verdict, and which laws do not apply.
testLaws('__KIND__', subject, { describe, it });
