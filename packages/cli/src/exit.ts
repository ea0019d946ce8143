import { AuspexError, type ErrorCode } from '@auspex/contracts';

/** Exit codes, as `auspex --help` and the README list them. */
export const EXIT = { ok: 0, failure: 1, usage: 2, config: 3, source: 4, store: 5, interrupted: 130 } as const;

const BY_PREFIX: readonly (readonly [prefix: string, code: number])[] = [
  ['CONFIG_', EXIT.config],
  ['PLUGIN_', EXIT.config],
  ['STEP_', EXIT.config],
  ['ZONE_', EXIT.config],
  ['SOURCE_', EXIT.source],
  ['STORE_', EXIT.store],
  ['NOTHING_', EXIT.usage],
  ['SUPPORT', EXIT.usage],
];

/** The exit code of an error code. */
export function exitCode(code: ErrorCode): number {
  return BY_PREFIX.find(([prefix]) => code.startsWith(prefix))?.[1] ?? EXIT.failure;
}

/** Thrown by a command that has said by itself what failed: nothing is left but its exit code. */
export class Ended extends Error {
  override readonly name = 'Ended';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** An error as the user sees it: what, where, what to do. Only what is not ours comes with a stack. */
export function errorText(error: unknown, cwd: string): { readonly text: string; readonly code: number } {
  if (isAuspexError(error)) {
    // Paths in the present folder are shown as the user wrote them.
    const message = error.message.replaceAll(`${cwd}/`, '');
    return { text: `error ${error.code}: ${message}\n  ${error.remedy}`, code: exitCode(error.code) };
  }
  // Closing failed too, or several parts: each in its own words, the first decides.
  if (error instanceof AggregateError && error.errors.length > 0) {
    const all = error.errors.map((each) => errorText(each, cwd));
    return { text: [...new Set(all.map((each) => each.text))].join('\n'), code: all[0]?.code ?? EXIT.failure };
  }
  const { code, syscall } = error as NodeJS.ErrnoException;
  // The system's refusals name call and path themselves.
  if (code && syscall) return { text: `unexpected error: ${(error as Error).message}`, code: EXIT.failure };
  return { text: `unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, code: EXIT.failure };
}

/** Also one thrown by another copy of the contracts package: a config brings its own. */
export function isAuspexError(error: unknown): error is AuspexError {
  return error instanceof AuspexError || (error instanceof Error && error.name === 'AuspexError' && 'code' in error && 'remedy' in error);
}
