import { duration } from '@auspex/contracts';
import { z } from 'zod';

const restart = z.strictObject({
  first: duration().prefault('1s').describe('Wait before the first restart; it doubles with each that follows. Default 1s.'),
  max: duration().prefault('1m').describe('Longest wait. Default 1m.'),
  reset: duration().prefault('1m').describe('After this long without a crash the waits begin anew. Default 1m.'),
});

/** How a process is held, whoever wrote it. */
const limits = {
  startLimit: duration().prefault('10s').describe('How long it may take to print its address, and to be created. Default 10s.'),
  deadline: duration().prefault('5s').describe('How long one call may take; a process that takes longer is killed. Default 5s.'),
  memory: z
    .number()
    .positive()
    .default(512)
    .describe('Resident memory that it may hold, megabytes; above it is killed. Not for `address`. Default 512.'),
  restart: restart.prefault({}).describe('When a process that crashed is started again.'),
};

const predictorLimits = {
  batch: z.int().positive().default(256).describe('Series a call. Default 256.'),
  trainLimit: duration().prefault('10m').describe('How long training may take. Default 10m.'),
};

const where = {
  command: z.array(z.string().min(1)).min(1).optional().describe('Program and arguments that start it. This or `address`.'),
  cwd: z.string().min(1).optional().describe('Working directory of the command. Default: the engine’s.'),
  env: z.record(z.string(), z.string()).optional().describe('Added to the engine’s environment for the command. Default none.'),
  address: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, { error: 'write host:port' })
    .optional()
    .describe('host:port of a process that somebody else runs. This or `command`.'),
  certificate: z.string().min(1).optional().describe('File of the root certificate (PEM) for TLS to `address`. Default: no TLS.'),
  with: z.record(z.string(), z.json()).default({}).describe('The plugin’s own options, sent as JSON. Default {}.'),
};

interface Where {
  readonly command?: unknown;
  readonly address?: unknown;
  readonly cwd?: unknown;
  readonly env?: unknown;
  readonly certificate?: unknown;
}

const oneTarget = ({ command, address }: Where): boolean => (command === undefined) !== (address === undefined);
const fitting = ({ command, cwd, env, certificate }: Where): boolean =>
  command === undefined ? cwd === undefined && env === undefined : certificate === undefined;

const ONE = { error: 'give either command or address' };
const FITTING = { error: 'cwd and env go with command, certificate with address' };

/** Options of `remoteActuator`, `remoteCalendar`, `remoteAlertSink` and `remoteSource`. */
export const remoteConfig = z
  .strictObject({ ...where, ...limits })
  .refine(oneTarget, ONE)
  .refine(fitting, FITTING);
export type RemoteOptions = z.output<typeof remoteConfig>;

/** Options of `remotePredictor`. */
export const remotePredictorConfig = z
  .strictObject({ ...where, ...limits, ...predictorLimits })
  .refine(oneTarget, ONE)
  .refine(fitting, FITTING);
export type RemotePredictorConfig = z.output<typeof remotePredictorConfig>;

/** How `isolate` holds the process of a JavaScript plugin. */
export const limitsConfig = z.strictObject({ ...limits, ...predictorLimits });
export type Limits = z.input<typeof limitsConfig>;
