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
];

/** The exit code of an error code. */
export function exitCode(code: ErrorCode): number {
  return BY_PREFIX.find(([prefix]) => code.startsWith(prefix))?.[1] ?? EXIT.failure;
}

/** An error as the user sees it: what, where, what to do. Only what is not ours comes with a stack. */
export function errorText(error: unknown): { readonly text: string; readonly code: number } {
  if (error instanceof AuspexError) return { text: `error ${error.code}: ${error.message}\n  ${error.remedy}`, code: exitCode(error.code) };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `unexpected error: ${text}`, code: EXIT.failure };
}
