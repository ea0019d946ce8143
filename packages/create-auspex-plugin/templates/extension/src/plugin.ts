import { type Decision, defineExtension, type Extension } from '@auspex/contracts';
import { z } from 'zod';

const hour = z.int().min(0).max(23);

const options = z.strictObject({
  from: hour.default(22).describe('Hour (UTC) at which the night begins. Default 22.'),
  to: hour.default(6).describe('Hour (UTC) at which it ends. Default 6.'),
  most: z.int().nonnegative().default(10).describe('Most units a pool at night. Default 10.'),
  frozen: z.array(z.iso.date()).default([]).describe('Days (UTC) on which units stay as they are, such as 2026-11-27. Default none.'),
});

/** Caps units at night, and keeps them as they are on frozen days. Each method is one tap; leave out what you do not need. */
class NightCap implements Extension {
  readonly #options: z.output<typeof options>;

  constructor(given: z.output<typeof options>) {
    this.#options = given;
  }

  /** Reshapes: undefined = as it is. What is given is frozen; the answer is a new decision that says who changed it, and why. */
  decision(decision: Decision): Decision | undefined {
    const { from, to, most } = this.#options;
    // The time of a decision is its step: a replay must decide as the live run did.
    const now = new Date(decision.step).getUTCHours();
    const night = from <= to ? now >= from && now < to : now >= from || now < to;
    if (!night || decision.units <= most) return undefined;
    const reason = { by: 'hook(__ID__)', units: most, text: `at most ${most} between ${from} and ${to} o'clock UTC` };
    return { ...decision, units: most, trail: [...decision.trail, reason] };
  }

  /** Vetoes: a reason, or undefined. The pool keeps its units then. */
  veto(decision: Decision): string | undefined {
    const day = new Date(decision.step).toISOString().slice(0, 10);
    return this.#options.frozen.includes(day) ? `${day} is frozen` : undefined;
  }
}

/** The extension `__ID__`. */
export const __VALUE__ = defineExtension({
  id: '__ID__',
  summary: 'Caps units at night, and keeps them as they are on frozen days.',
  config: options,
  create: (given) => new NightCap(given),
});
