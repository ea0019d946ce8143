import { type Decision, defineExtension, type Extension, type Usage } from '@auspex/contracts';
import type { Subjects } from '@auspex/testkit';
import { z } from 'zod';
import { type Broken, commonlyBroken } from '../proof.ts';

type Subject = Subjects['extension'];
/** An extension that has every tap. */
type Full = Required<Omit<Extension, 'close'>>;

const nothing = (): void => {};

/** Leaves load tests out, never orders less than three units, and keeps its hands off on Sundays. */
const right: Full = {
  usage: (usage) => usage.filter(({ group }) => group !== 'load-test'),
  forecast: nothing,
  decision: (decision) => (decision.units < 3 ? raised(decision, 3) : undefined),
  veto: async ({ step }) => (new Date(step).getUTCDay() === 0 ? 'not on a Sunday' : undefined),
  decided: nothing,
  receipt: nothing,
  failure: nothing,
};

function raised(decision: Decision, units: number): Decision {
  return { ...decision, units, trail: [...decision.trail, { by: 'hook(tiny)', units, text: 'never below three' }] };
}

const subject = (change: () => Partial<Extension>) => (): Subject => ({
  plugin: defineExtension({
    id: 'tiny',
    summary: 'A test.',
    config: z.strictObject({}),
    create: (): Extension => ({ ...right, ...change() }),
  }),
});

export const rightExtension = subject(() => ({}));

const broken = (law: string, how: string, change: () => Partial<Extension>): Broken<Subject> => ({ law, how, make: subject(change) });

/** Does what the right one does with decisions, and changes what it answers. */
const answering = (change: (answer: Decision, given: Decision) => Decision) => (): Partial<Extension> => ({
  decision: (given) => {
    const answer = right.decision(given) as Decision | undefined;
    return answer && change(answer, given);
  },
});

const TOLD = 'what it is told is left as it is';
const SAME = 'a reshaped decision is the same decision with units that can be ordered';
const SAYS = 'a reshaped decision says who reshaped it';
const ODD = 'odd input does not stop it';
const STEP = 'reshaped usage is a list of its step';
const VETO = 'a veto is a reason';
const OBSERVES = 'who observes returns nothing';

const none = Object.fromEntries(Object.keys(right).map((tap) => [tap, undefined])) as Partial<Extension>;

export const brokenExtensions: readonly Broken<Subject>[] = [
  ...commonlyBroken(rightExtension),
  broken('it taps at least one stage', 'a tap is misspelt', () => ({ ...none, decicion: right.decision }) as Partial<Extension>),
  broken(TOLD, 'it writes into the decision, where it can', () => ({
    decided: (decision) => {
      if (!Object.isFrozen(decision)) Object.assign(decision, { tier: 'seen' });
    },
  })),
  broken(TOLD, 'it cannot work on a frozen decision', () => ({
    decided: (decision) => {
      if (Object.isFrozen(decision)) throw new TypeError('Cannot assign to read only property');
    },
  })),
  broken('the usage is left as it is', 'it scales in place', () => ({
    usage: (usage) => {
      for (const of of usage) of.kinds.counts.set('seen', 1);
      return undefined;
    },
  })),
  broken(OBSERVES, 'it is asynchronous', () => ({ decided: (async () => {}) as Extension['decided'] }) as Partial<Extension>),
  broken(OBSERVES, 'it answers', () => ({ receipt: (() => true) as unknown as () => void })),
  broken(STEP, 'it moves usage to the next step', () => ({
    usage: (usage) => usage.map((of): Usage => ({ ...of, step: of.step + 60_000 })),
  })),
  broken(STEP, 'it takes away more than there is', () => ({
    usage: (usage) => usage.map((of): Usage => ({ ...of, offered: of.offered - 1_000 })),
  })),
  broken(STEP, 'it is asynchronous', () => ({ usage: (async (usage: readonly Usage[]) => usage) as unknown as Full['usage'] })),
  broken(
    SAME,
    'it makes a key of its own',
    answering((answer) => ({ ...answer, key: `${answer.key}+3` })),
  ),
  broken(
    SAME,
    'it divides by demand',
    answering((answer, { demand }) => (demand.actual === 0 ? { ...raised(answer, Number.NaN) } : answer)),
  ),
  broken(
    SAYS,
    'it says nothing',
    answering((answer, { trail }) => ({ ...answer, trail })),
  ),
  broken(
    SAYS,
    'it begins the trail anew',
    answering((answer) => ({ ...answer, trail: answer.trail.slice(-1) })),
  ),
  broken(
    SAYS,
    'it does not say who',
    answering((answer, { trail }) => ({ ...answer, trail: [...trail, { by: '', units: 3, text: 'never below three' }] })),
  ),
  broken(VETO, 'it says no', () => ({ veto: (({ units }: Decision) => units > 10) as unknown as Full['veto'] })),
  broken(VETO, 'its reason is empty', () => ({ veto: ({ units }) => (units > 10 ? '' : undefined) })),
  broken('a tap answers in time', 'it hangs on a first decision', () => ({
    veto: (decision) => (decision.step === Date.UTC(2026, 0, 5) ? new Promise(() => {}) : undefined),
  })),
  broken('a tap answers in time', 'it keeps everything waiting once', () => ({
    failure: ({ message }) => {
      // Blocks, as a query or a large file would.
      if (message === '') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_050);
    },
  })),
  broken(ODD, 'it asks for the strongest surge', () => ({
    decision: (decision) => {
      if (decision.demand.fallback && !decision.surges[0]) throw new TypeError("Cannot read properties of undefined (reading 'group')");
      return right.decision(decision);
    },
  })),
  broken(ODD, 'it wants usage', () => ({
    usage: (usage) => {
      if (usage.length === 0) throw new TypeError('Reduce of empty array with no initial value');
      return undefined;
    },
  })),
];
