import { fakeContext } from '@auspex/testkit';

export const context = fakeContext();
