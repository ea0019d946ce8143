import { readFileSync } from 'node:fs';
import { AuspexError, duration } from '@auspex/contracts';
import { z } from 'zod';

/** TLS to a database; each file in PEM. */
export const tlsConfig = z.strictObject({
  ca: z.string().min(1).optional().describe("File of the authority that signed the server's certificate. Default: those that Node knows."),
  cert: z.string().min(1).optional().describe('File of our own certificate, where the server asks for one. Default none.'),
  key: z.string().min(1).optional().describe('File of the key of `cert`. Default none.'),
});

export const timeoutConfig = duration()
  .prefault('8s')
  .describe('How long one call may take, and how long the first connection; up to 10s, so that a start fails within 15 s.');

export const attemptsConfig = z
  .int()
  .min(1)
  .max(50)
  .default(8)
  .describe(
    'How often a call is made where it may succeed later (no answer, no quorum, a new primary), with growing random waits up to 2 s.',
  );

export const ttlConfig = duration()
  .optional()
  .describe('After how long the database itself drops what lies under profile/ and series/ and was not written again. Default: never.');

/** Keys that `ttl` is for: what is kept of one group. */
export function expires(key: string): boolean {
  return /^(?:.*\/)?(?:profile|series)\/[^/]*$/.test(key);
}

/** @throws AuspexError `CONFIG_INVALID` where a file cannot be read */
export function pem(file: string | undefined, path: string): Buffer | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    throw new AuspexError('CONFIG_INVALID', `${file} cannot be read: ${(error as Error).message}`, { path, cause: error });
  }
}

/** Loads a driver that is installed beside this package. @throws AuspexError `PLUGIN_NOT_FOUND` where it is not, `PLUGIN_FAILED` where it does not load */
export async function driver<T>(name: string, range: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const path = `store(${name === 'mongodb' ? 'mongo' : 'cassandra'})`;
    const remedy = `Install it beside Auspex: npm install "${name}@${range}".`;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
      throw new AuspexError('PLUGIN_NOT_FOUND', `the package ${name} is not installed`, { path, remedy, cause: error });
    throw new AuspexError('PLUGIN_FAILED', `the package ${name} does not load: ${oneLine(message)}`, { path, remedy, cause: error });
  }
}

/** A driver's own words: the first line will do. */
export function oneLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}

const WHY = { unreachable: 'STORE_UNREACHABLE', refused: 'STORE_REFUSED', missing: 'STORE_MISSING' } as const;

/** Why a store cannot be had; one place for the code. */
export function unusable(why: keyof typeof WHY, message: string, where: string, remedy: string, cause?: unknown): AuspexError {
  return new AuspexError(WHY[why], oneLine(message), { path: where, remedy, cause });
}

/** Version of how records are laid out, in both databases. Version N reads N and below. */
export const FORMAT_VERSION = 1;

/** @throws AuspexError `STORE_NEWER`, `STORE_UNREADABLE` */
export function checkVersion(version: unknown, where: string): void {
  if (typeof version !== 'number' || !Number.isInteger(version)) {
    throw new AuspexError('STORE_UNREADABLE', 'its head names no version', { path: where });
  }
  if (version > FORMAT_VERSION) {
    throw new AuspexError('STORE_NEWER', `the store has format ${version}, this version reads up to ${FORMAT_VERSION}`, { path: where });
  }
}
