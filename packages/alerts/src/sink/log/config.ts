import { z } from 'zod';

/** The alert sink `log` has no options. */
export const logConfig = z.strictObject({});

export type LogOptions = z.output<typeof logConfig>;
