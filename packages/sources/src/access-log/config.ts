import { z } from 'zod';
import { fileFields, followFields, recordFields } from '../records/config.ts';

const pop = z.string().default('').describe("Point of presence that wrote the log. Default '': the only one.");

/** Options of the `access-log` source. */
export const accessLogConfig = z.strictObject({ ...fileFields, ...recordFields, ...followFields, pop });

/** Options of the `access-log-stdin` source. */
export const accessLogStdinConfig = z.strictObject({ ...recordFields, pop });

export type AccessLogOptions = z.output<typeof accessLogConfig>;
export type AccessLogStdinOptions = z.output<typeof accessLogStdinConfig>;
