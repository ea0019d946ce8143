import type { Decision, Extension, Usage } from '@auspex/contracts';
import { broken, type Law, laws, must } from '../law.ts';
import { deepFreeze, type Tools } from '../tools.ts';
import { commonLaws } from './common.ts';
import { ask, type Call, inTime, LATE, LIMIT, odd, opinion, TAPS, type Tap, week } from './support/decision-taps.ts';
import { difference, mustBeAlike } from './support/same.ts';

const OBSERVERS = ['forecast', 'decided', 'receipt', 'failure'] as const satisfies readonly Tap[];
const TOLD = ['forecast', 'decision', 'veto', 'decided', 'receipt', 'failure'] as const satisfies readonly Tap[];
const COUNTS = [
  'offered',
  'served',
  'throttled',
  'failed',
  'timedOut',
  'retried',
  'work',
  'bytes',
  'sessionStarts',
  'sessionEnds',
] as const;

/** Why a law about these taps does not bind: the extension has none of them. */
const unlessItTaps =
  (...taps: readonly Tap[]) =>
  (_: unknown, tools: Tools<'extension'>): string | undefined => {
    const extension = tools.create();
    return taps.some((tap) => extension[tap]) ? undefined : `it does not tap ${taps.join(', ')}`;
  };

/** The calls of `taps` that the extension hears. */
function heard(extension: Extension, taps: readonly Tap[], calls = week()): readonly Call[] {
  return calls.filter(({ tap }) => taps.includes(tap) && extension[tap]);
}

/** What a tap does to what it was given, and to what it cannot change. */
async function mustLeaveAlone(extension: Extension, taps: readonly Tap[]): Promise<void> {
  const [calls, before] = [heard(extension, taps), heard(extension, taps)];
  for (const [index, call] of calls.entries()) {
    await opinion(extension, call);
    mustBeAlike((before[index] as Call).given, call.given, `the tap "${call.tap}" changed what it was given, ${call.text}`);
  }
}

const list: readonly Law<'extension'>[] = [
  {
    name: 'it taps at least one stage',
    why: 'a tap whose name is misspelt is never called, and nothing says so',
    check(_, tools) {
      const extension = tools.create();
      const taps = TAPS.filter((tap) => typeof extension[tap] === 'function');
      const own = Object.keys(extension).join(', ') || 'none';
      must(taps.length > 0, `it has none of the taps ${TAPS.join(', ')}; its own properties: ${own}`);
    },
  },
  {
    name: 'what it is told is left as it is',
    why: 'the same decision goes to the next extension, the journal and the target',
    unless: unlessItTaps(...TOLD),
    async check(_, tools) {
      await mustLeaveAlone(tools.create(), TOLD);
      const extension = tools.create();
      for (const call of heard(extension, TOLD)) {
        try {
          await ask(extension, { ...call, given: call.given.map(deepFreeze) });
        } catch (error) {
          broken(`the tap "${call.tap}" throws on what is frozen, as in the engine: ${(error as Error).message}`);
        }
      }
    },
  },
  {
    name: 'the usage is left as it is',
    why: 'each tap is given a copy: what it changes in place is lost, and it seems to have worked',
    unless: unlessItTaps('usage'),
    async check(_, tools) {
      await mustLeaveAlone(tools.create(), ['usage']);
    },
  },
  {
    name: 'who observes returns nothing',
    why: 'nobody waits for it: a promise that rejects ends the process',
    unless: unlessItTaps(...OBSERVERS),
    check(_, tools) {
      const extension = tools.create();
      for (const { tap, given, text } of heard(extension, OBSERVERS)) {
        const answer: unknown = (extension[tap] as (...given: readonly unknown[]) => unknown)(...given);
        if (answer instanceof Promise) answer.catch(() => undefined);
        const what = answer instanceof Promise ? 'a promise' : JSON.stringify(answer);
        must(answer === undefined, `the tap "${tap}" returns ${what} to ${text}`);
      }
    },
  },
  {
    name: 'reshaped usage is a list of its step',
    why: 'usage of another step is counted into a step that is closed',
    unless: unlessItTaps('usage'),
    async check(_, tools) {
      const extension = tools.create();
      for (const call of heard(extension, ['usage'])) {
        const answer = extension.usage?.(call.given[0] as readonly Usage[], call.given[1] as number) as unknown;
        if (answer === undefined) continue;
        must(Array.isArray(answer), `to ${call.text} it returns ${answer instanceof Promise ? 'a promise' : typeof answer}, no list`);
        for (const usage of answer as readonly Usage[]) mustBeUsage(usage, call.given[1] as number);
      }
    },
  },
  {
    name: 'a reshaped decision is the same decision with units that can be ordered',
    why: 'it is journaled under its key: another key, or no number, is a decision that nobody made',
    unless: unlessItTaps('decision'),
    async check(_, tools) {
      const extension = tools.create();
      for (const call of heard(extension, ['decision'])) {
        const given = call.given[0] as Decision;
        const answer = (await opinion(extension, call)) as Decision | undefined;
        if (answer === undefined) continue;
        must(typeof answer === 'object' && answer !== null, `to ${call.text} it answers ${JSON.stringify(answer)}, no decision`);
        must(
          answer.key === given.key && answer.pool === given.pool,
          `asked about ${given.key}, it answers about ${answer.pool}, ${answer.key}`,
        );
        must(Number.isFinite(answer.units) && answer.units >= 0, `to ${call.text} it answers ${answer.units} units`);
        must(typeof answer.tier === 'string' && answer.tier !== '', `to ${call.text} it answers the tier ${JSON.stringify(answer.tier)}`);
      }
    },
  },
  {
    name: 'a reshaped decision says who reshaped it',
    why: '`auspex explain` shows the trail: units that changed without a reason look like a fault of the engine',
    unless: unlessItTaps('decision'),
    async check(_, tools) {
      const extension = tools.create();
      for (const call of heard(extension, ['decision'])) {
        const given = call.given[0] as Decision;
        const answer = (await opinion(extension, call)) as Decision | undefined;
        if (answer) mustExplain(given, answer);
      }
    },
  },
  {
    name: 'a veto is a reason',
    why: 'the pool keeps its units, and the one thing that people can read about it is why',
    unless: unlessItTaps('veto'),
    async check(_, tools) {
      const extension = tools.create();
      for (const call of heard(extension, ['veto'])) {
        const answer = await opinion(extension, call);
        const right = answer === undefined || (typeof answer === 'string' && answer.trim() !== '');
        must(right, () => `to ${call.text} it answers ${JSON.stringify(answer)}: a text says why, undefined lets it pass`);
      }
    },
  },
  {
    name: 'a tap answers in time',
    why: 'every decision of every pool waits for it; one that takes too long has no opinion',
    unless: unlessItTaps(...TAPS),
    async check(_, tools) {
      const extension = tools.create();
      for (const call of [...heard(extension, TAPS).slice(0, 2 * TAPS.length), ...heard(extension, TAPS, odd())]) {
        // One that throws has answered: another law's business.
        const answer = await inTime(extension, call).catch(() => undefined);
        must(answer !== LATE, `the tap "${call.tap}" took longer than ${LIMIT} ms for ${call.text}`);
      }
    },
  },
  {
    name: 'odd input does not stop it',
    why: 'a tap that throws has no opinion, and that in the first hours and in the bad ones',
    unless: unlessItTaps(...TAPS),
    async check(_, tools) {
      const extension = tools.create();
      for (const call of heard(extension, TAPS, odd())) {
        try {
          await ask(extension, call);
        } catch (error) {
          broken(`the tap "${call.tap}" throws on ${call.text}: ${(error as Error).message}`);
        }
      }
    },
  },
];

function mustBeUsage(usage: Usage, step: number): void {
  must(usage.step === step, `usage of step ${step} became usage of step ${usage.step}`);
  must(typeof usage.group === 'string' && typeof usage.pop === 'string', 'a usage has no group or no POP');
  for (const name of COUNTS)
    must(Number.isFinite(usage[name]) && usage[name] >= 0, `\`${name}\` of group "${usage.group}" is ${usage[name]}`);
}

function mustExplain(given: Decision, answer: Decision): void {
  const kept = Array.isArray(answer.trail) && difference(answer.trail.slice(0, given.trail.length), [...given.trail]) === undefined;
  must(kept, `the trail of ${given.key} no longer begins with what the stages before had said`);
  if (answer.units === given.units && answer.tier === given.tier) return;
  const change = `${given.units} units, ${given.tier}, became ${answer.units} units, ${answer.tier}`;
  const last = answer.trail.at(-1);
  must(answer.trail.length > given.trail.length && last !== undefined, `${change}, and the trail says nothing of it`);
  must(Boolean(last.by) && Boolean(last.text), `${change}, and the reason has no \`by\` or no text`);
  must(Object.is(last.units, answer.units), `${change}, and the reason says ${last.units} units`);
}

/** What every extension does. */
export const extensionLaws = laws('extension', [
  ...commonLaws<'extension'>(async (extension: Extension) => {
    for (const call of heard(extension, TAPS).slice(0, TAPS.length)) await opinion(extension, call);
  }),
  ...list,
]);
