import { testLaws } from '@auspex/testkit';
import { describe, it } from 'vitest';
import { audience } from '../../src/audience/plugin.ts';

testLaws('detector', () => ({ plugin: audience }), { describe, it });
