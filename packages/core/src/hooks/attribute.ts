import { type Decision, deepFreeze, type Forecast, type Usage } from '@auspex/contracts';
import { elapsed } from '../defaults/stopwatch.ts';
import { withTimeLimit } from '../defaults/time-limit.ts';
import { atOnce } from '../stages/answer.ts';
import type { Failures } from '../stages/failures.ts';
import { emptyUsage } from '../usage/accumulate.ts';
import type { EngineHooks } from './hooks.ts';
import type { TapEntry, TapLedger } from './ledger.ts';

/** A tap that can be taken out again: tapable itself has no untap. */
export const IS_ON: unique symbol = Symbol('is on');

/** No hook hands out more than two values. */
type Fn = ((first: unknown, second?: unknown) => unknown) & { [IS_ON]?: () => boolean };

/** What a tap is given in place of the engine's own value: nothing that it does to it reaches the cycle. */
const GIVEN: Partial<Record<keyof EngineHooks, (value: never) => unknown>> = {
  // Only where somebody taps: a copy of a step's usage is dear.
  usage: (usage: readonly Usage[]) => structuredClone(usage),
};

/** What is wrong with a tap's answer, or undefined. A bad answer counts as none, and the value goes on as it was. */
const WRONG: Partial<Record<keyof EngineHooks, (answer: never) => string | undefined>> = {
  usage: (answer: unknown) => {
    if (!Array.isArray(answer)) return 'returned no list of usage';
    return answer.every(isUsage) ? undefined : 'returned a list that holds something else than usage, or a negative amount';
  },
  decision: ({ units, tier, trail }: Partial<Decision>) => {
    if (!(Number.isFinite(units) && (units as number) >= 0)) return `asked for ${units} units`;
    if (typeof tier !== 'string') return 'returned a decision without a tier';
    const whole = Array.isArray(trail) && trail.every((reason) => typeof reason?.by === 'string' && typeof reason.text === 'string');
    return whole ? undefined : 'returned a decision whose trail is no list of reasons';
  },
  veto: (answer: unknown) => (typeof answer === 'string' && answer !== '' ? undefined : `vetoed with ${typeof answer}, not a reason`),
};

/** Has it all that is counted? A list made by hand lacks something sooner or later, and the engine would stop in the middle of a step. */
function isUsage(value: Partial<Usage> | null): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const made = emptyUsage(0, '', '') as unknown as Record<string, unknown>;
  return Object.entries(made).every(([key, sample]) => {
    const own = (value as Record<string, unknown>)[key];
    if (typeof own !== typeof sample || own === null) return false;
    return typeof sample !== 'number' || (Number.isFinite(own) && (own as number) >= 0);
  });
}

/**
 * Wraps every tap as it is registered: a throw, a hang or a bad answer is reported under the tap's name and counts as "no
 * opinion"; its calls and time are kept in the ledger. tapable itself would stop the later taps and not say whose error it was.
 *
 * @param limitMs longest wait for a tap's promise
 */
export function attributeTaps(hooks: EngineHooks, failures: Failures, ledger: TapLedger, limitMs: number): void {
  for (const [name, hook] of Object.entries(hooks) as [keyof EngineHooks, EngineHooks[keyof EngineHooks]][]) {
    hook.intercept({
      register: (tap: { name: string; type: string; fn: Fn }) => {
        if (tap.type === 'async') throw new TypeError(`tap "${tap.name}" of hook "${name}" uses a callback; use tap or tapPromise`);
        // The wrapper names what it wraps, so that it can be found and taken out.
        const fn = Object.assign(bounded(name, tap, failures, ledger.entry(name, tap.name), limitMs), { act: tap.fn });
        return { ...tap, fn };
      },
    } as never);
  }
}

/** A forecast of a tap's own. The array is filled anew for each call, since making one is dearer than all the rest: who keeps it copies it. */
function shownForecasts(): (forecast: Forecast) => Forecast {
  let scratch = new Float64Array(0);
  return (forecast) => {
    const { series, origin, stepMs, horizon, quantiles, by, fallback, weights, note } = forecast;
    if (scratch.length !== quantiles.length) scratch = new Float64Array(quantiles.length);
    scratch.set(quantiles);
    // Field by field: this runs for every series and step.
    const shown: { -readonly [K in keyof Forecast]: Forecast[K] } = { series, origin, stepMs, horizon, quantiles: scratch, by };
    if (fallback !== undefined) shown.fallback = fallback;
    if (weights !== undefined) shown.weights = { ...weights };
    if (note !== undefined) shown.note = note;
    return shown;
  };
}

function bounded(
  hook: keyof EngineHooks,
  tap: { name: string; type: string; fn: Fn },
  failures: Failures,
  entry: TapEntry,
  limitMs: number,
): Fn {
  const given = hook === 'forecast' ? (shownForecasts() as (value: never) => unknown) : GIVEN[hook];
  const wrong = WRONG[hook] as ((answer: unknown) => string | undefined) | undefined;
  const end = (began: number, answer: unknown): unknown => {
    const fault = answer === undefined || answer === null ? undefined : wrong?.(answer);
    if (fault !== undefined) throw new Error(fault);
    entry.ms += elapsed() - began;
    if (failures.anyStands) failures.recovered('hook', tap.name, hook);
    if (answer === undefined || answer === null) return undefined;
    // A bail hook says what was answered, not who did.
    return hook === 'veto' ? { by: tap.name, why: answer } : answer;
  };
  const report = (began: number, error: unknown): undefined => {
    entry.ms += elapsed() - began;
    entry.failures++;
    failures.report('hook', tap.name, hook, error, 'the cycle goes on without it');
    return undefined;
  };
  const begin = (first: unknown, second: unknown): unknown => {
    entry.calls++;
    return tap.fn(given ? given(first as never) : deepFreeze(first), second);
  };
  const isOn = tap.fn[IS_ON] ?? (() => true);
  if (tap.type === 'promise') {
    return async (first, second) => {
      if (!isOn()) return undefined;
      const began = elapsed();
      try {
        return end(began, await withTimeLimit(Promise.resolve(begin(first, second)), limitMs, `hook ${hook}(${tap.name})`));
      } catch (error) {
        return report(began, error);
      }
    };
  }
  return (first, second) => {
    if (!isOn()) return undefined;
    const began = elapsed();
    try {
      return end(began, atOnce(begin(first, second), 'a tap that is not a promise'));
    } catch (error) {
      return report(began, error);
    }
  };
}
