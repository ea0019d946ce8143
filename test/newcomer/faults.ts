/** A mistake in `actuator.ts` as an edit of its text, and the one law that it breaks. */
export interface Fault {
  readonly fault: string;
  readonly law: string;
  /** Occurs exactly once. */
  readonly find: string;
  readonly replace: string;
}

export const FAULTS: readonly Fault[] = [
  {
    fault: 'not idempotent: it forgets what it carried out',
    law: 'one key, one effect',
    find: 'carriedOut.set(pool, step);',
    replace: '',
  },
  {
    fault: 'ignores shadow: it orders in earnest',
    law: 'a shadow order changes nothing',
    find: "if (shadow) return receipt('shadow');",
    replace: "if (shadow) logger.info({ pool, units }, 'only a shadow');",
  },
  {
    fault: 'wrong unit: it sends units as percent',
    law: 'an order brings the target to its units',
    find: 'percent: units * BRICK',
    replace: 'percent: units',
  },
  {
    fault: 'ready too early: it takes for warm what is only ordered',
    law: 'ready is what serves',
    find: 'ready: Math.floor(warm / BRICK)',
    replace: 'ready: Math.floor(Math.max(warm, percent) / BRICK)',
  },
  {
    fault: 'leaks a timer: it goes on watching the site after each order',
    law: 'making one starts nothing, and closing one leaves nothing running',
    find: "logger.info({ pool, units }, 'ordered');",
    replace: "setInterval(() => logger.info({ pool, units }, 'are they warm yet?'), 30_000);",
  },
];
