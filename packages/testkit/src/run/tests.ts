import type { PluginKind } from '@auspex/contracts';
import type { MakeSubject, Subject } from '../subject.ts';
import { lawsOf, tryLaw } from './run.ts';

/** The part of a test runner that is needed: vitest, node:test, jest and mocha all have it. */
export interface TestRunner {
  describe(name: string, define: () => void): unknown;
  it(name: string, test: () => Promise<void>): unknown;
}

/**
 * Every law of a kind as a test of its own.
 *
 * ```ts
 * import { describe, it } from 'node:test';
 * testLaws('actuator', subject, { describe, it });
 * ```
 *
 * A law that does not apply to the subject passes: `auspex check` shows which, and why.
 */
export function testLaws<S extends Subject>(
  kind: S['plugin']['kind'] & PluginKind,
  make: MakeSubject<S>,
  { describe, it }: TestRunner,
): void {
  describe(`${kind} laws`, () => {
    for (const law of lawsOf(kind)) {
      it(law.name, async () => {
        const result = await tryLaw(law, make);
        if (result.outcome === 'broken') throw new Error(`${result.seen}\nwhy: ${result.why}`);
      });
    }
  });
}
