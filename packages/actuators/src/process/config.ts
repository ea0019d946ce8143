import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { marksOption, targetOptions } from '../target/index.ts';

const ready = z
  .strictObject({
    http: z
      .string()
      .regex(/^\//, 'is a path: /health')
      .optional()
      .describe('Path that answers 200 to 299 on the port of the worker at 127.0.0.1. Default: not asked.'),
    tcp: z.boolean().default(false).describe('The port of the worker accepts connections at 127.0.0.1. Default false.'),
    line: z.string().min(1).optional().describe('Text that stands in its output; needs log. Default: not looked for.'),
  })
  .refine(
    ({ http, tcp, line }) => [http !== undefined, tcp, line !== undefined].filter(Boolean).length === 1,
    'give one of http, tcp, line',
  )
  .describe('When a worker counts as ready. Default: while it runs.');

const pool = z
  .strictObject({
    command: z.array(z.string().min(1)).min(1).describe('Program and arguments of a worker; no shell is between.'),
    cwd: z.string().min(1).optional().describe('Working directory of the workers. Default: the engine’s.'),
    env: z
      .record(z.string().min(1), z.string())
      .default({})
      .describe('Added to the engine’s environment for the workers. AUSPEX_WORKER is the number of the worker, from 1 on. Default none.'),
    portBase: z.int().min(0).max(65_000).optional().describe('PORT of worker n is portBase + n. Default: none is given.'),
    ready: ready.optional(),
    grace: duration()
      .prefault('10s')
      .describe('How long a worker may take to end after SIGTERM; SIGKILL comes with the first order after that. Default 10s.'),
    log: z.string().min(1).optional().describe('Directory of the workers’ output, appended to POOL-n.log. Default: it is thrown away.'),
  })
  .refine(({ ready, portBase }) => portBase !== undefined || !ready || ready.line !== undefined, 'ready.http and ready.tcp need portBase')
  .refine(({ ready, log }) => ready?.line === undefined || log !== undefined, 'ready.line needs log');

export type ProcessPool = z.output<typeof pool>;

/** Options of the `process` actuator. */
export const processConfig = z.strictObject({
  pools: z
    .record(z.string().min(1), pool)
    .refine((pools) => Object.keys(pools).length > 0, 'names no pool')
    .describe('What each pool is, by its name: {"web": {"command": ["node", "worker.js"]}}.'),
  restart: z
    .strictObject({
      first: duration().prefault('1s').describe('Wait before the second start in a row; it doubles with each that follows. Default 1s.'),
      max: duration().prefault('5m').describe('Longest wait. Default 5m.'),
      reset: duration().prefault('1m').describe('A worker that ran so long did not fail to start. Default 1m.'),
    })
    .prefault({})
    .describe('When a worker that died is started again: the first time with the next order.'),
  onClose: z
    .enum(['keep', 'stop'])
    .default('keep')
    .describe(
      'What becomes of the workers when the engine ends: they go on and are found again, or are stopped within grace. Default keep.',
    ),
  ...targetOptions,
  ...marksOption,
});

export type ProcessOptions = z.output<typeof processConfig>;
