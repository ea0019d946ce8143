import type { Decision } from '@auspex/contracts';

/** A decision that waits for what becomes of it. Data. */
export interface Awaited {
  /** Start of the step that it was to serve, epoch ms. */
  readonly step: number;
  readonly key: string;
  readonly units: number;
  readonly expected: number;
  readonly low: number;
  readonly high: number;
  readonly surges: readonly { readonly group: string; readonly said: number }[];
}

/** How often outcomes fell where they were forecast, since it was last told. Data. */
export interface Tally {
  outcomes: number;
  /** Below the .1, and above the .9 quantile. */
  below: number;
  above: number;
}

/** Outcomes that a pool waits for, oldest first, and the count of those that came. Data. */
export interface OutcomeState {
  awaited: readonly Awaited[];
  /** Each predictor's weight in the last forecast that was decided by. */
  weights: Readonly<Record<string, number>>;
  tally: Tally;
}

export function beginOutcomes(): OutcomeState {
  return { awaited: [], weights: {}, tally: { outcomes: 0, below: 0, above: 0 } };
}

/** What is waited for after a decision. Of several for one step, as after a lead time has moved, the newest counts. */
export function awaiting(awaited: readonly Awaited[], { key, units, demand, surges }: Decision, stepMs: number): readonly Awaited[] {
  const { at, expected, low, high } = demand;
  const step = Math.floor(at / stepMs) * stepMs;
  const said = surges.map(({ group, deviation, eventImpact }) => ({ group, said: deviation + eventImpact }));
  return [...awaited.filter((each) => each.step !== step), { step, key, units, expected, low, high, surges: said }];
}

/** The same without what waits for a group. */
export function withoutGroup(awaited: readonly Awaited[], group: string): readonly Awaited[] {
  return awaited.map((each) =>
    each.surges.some((surge) => surge.group === group) ? { ...each, surges: each.surges.filter((surge) => surge.group !== group) } : each,
  );
}
