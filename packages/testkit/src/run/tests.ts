import type { PluginKind } from '@auspex/contracts';
import type { MakeSubject, Subject } from '../subject.ts';
import { lawsOf, tryLaw } from './run.ts';

/** The part of a test runner that is needed: vitest, node:test, jest and mocha all have it. */
export interface TestRunner {
  describe(name: string, define: () => void): unknown;
  it(name: string, test: () => Promise<void>): unknown;
}

/** The part of a test's context that is used where there is one: vitest and node:test have it. */
interface TestContext {
  skip?(reason: string): void;
}

/**
 * Every law of a kind as a test of its own.
 *
 * ```ts
 * import { describe, it } from 'node:test';
 * testLaws('actuator', subject, { describe, it });
 * ```
 *
 * A law that does not apply to the plugin passes: `auspex check` shows which, and why. One that does apply and cannot be tried,
 * because the subject lacks an optional part, is a skipped test where the runner can say so (vitest, node:test), else it passes.
 */
export function testLaws<S extends Subject>(
  kind: S['plugin']['kind'] & PluginKind,
  make: MakeSubject<S>,
  { describe, it }: TestRunner,
): void {
  describe(`${kind} laws`, () => {
    for (const law of lawsOf(kind)) {
      // Not a parameter: jest and mocha give a function that has one a callback, and wait for it.
      it(law.name, async (...given: readonly TestContext[]) => {
        const result = await tryLaw(law, make);
        if (result.offered === false) given[0]?.skip?.(`not tried: ${result.seen}`);
        if (result.outcome === 'broken') throw new Error(`${result.seen}\nwhy: ${result.why}`);
      });
    }
  });
}
