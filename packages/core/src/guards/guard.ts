import type { Reason } from '@auspex/contracts';

/** What a guard may know of the pool. All of it is data, so guards are pure. */
export interface GuardView {
  /** The decision's step, epoch ms. */
  readonly step: number;
  /** Units ordered before this decision. */
  readonly previous: number;
  readonly min: number;
  readonly max: number;
  /** Units proposed in earlier steps, newest last. */
  readonly proposals: readonly { readonly step: number; readonly units: number }[];
  /** When units were last changed, epoch ms; undefined = never. */
  readonly lastChange: number | undefined;
}

/** Limits for how fast units may move. Durations in milliseconds. */
export interface GuardLimits {
  /** Scale in only to the highest proposal of this window. */
  readonly stabilisationMs: number;
  /** No scale-in within this time after any change. */
  readonly cooldownMs: number;
  /** Most units to add, and to remove, in one cycle; undefined = no limit. */
  readonly maxUp: number | undefined;
  readonly maxDown: number | undefined;
}

/** Units in, units and at most one reason out: a reason where it changed something, none where not. A second pass changes nothing. */
export type Guard = (units: number, view: GuardView, limits: GuardLimits) => { readonly units: number; readonly text?: string };

/** Named guards run in order; each change is a reason in the trail. */
export function runGuards(
  guards: readonly (readonly [name: string, guard: Guard])[],
  proposed: number,
  view: GuardView,
  limits: GuardLimits,
): { readonly units: number; readonly reasons: readonly Reason[] } {
  let units = proposed;
  const reasons: Reason[] = [];
  for (const [name, guard] of guards) {
    const result = guard(units, view, limits);
    units = result.units;
    if (result.text !== undefined) reasons.push({ by: `guard(${name})`, units, text: result.text });
  }
  return { units, reasons };
}
