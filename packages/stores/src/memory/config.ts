import { z } from 'zod';

/** The memory store has no options. */
export const memoryConfig = z.strictObject({});
