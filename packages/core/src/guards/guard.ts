import type { Reason } from '@auspex/contracts';
import type { CapView } from '../hostile/cap.ts';

/** Units at a step. */
interface UnitsAt {
  readonly step: number;
  readonly units: number;
}

/** What a guard may know of the pool. All of it is data, so guards are pure. */
export interface GuardView {
  /** The decision's step, epoch ms. */
  readonly step: number;
  /** Units ordered before this decision. */
  readonly previous: number;
  readonly min: number;
  readonly max: number;
  /** Units proposed in earlier steps, newest last. */
  readonly proposals: readonly UnitsAt[];
  /** When units were last changed, epoch ms; undefined = never. */
  readonly lastChange: number | undefined;
  /** `full`: nobody else would bring back what is taken away. */
  readonly control: 'floor' | 'full';
  /**
   * Full control: units that demand may need and that a reactive policy asks for, of each step in a row in which a reduction was
   * asked for and nothing stopped it. The last is of this step.
   */
  readonly calm: readonly UnitsAt[];
  /** Full control: why no unit may go now; undefined = nothing is in the way. */
  readonly blocked: string | undefined;
  /** The freeze of the config that is in force; undefined = none. */
  readonly freeze: FreezeView | undefined;
  /** A limit to rises while a surge looks like an attack; undefined = none. */
  readonly cap: CapView | undefined;
  /** What an operator has ordered; undefined = nothing. */
  readonly hold: HoldView | undefined;
}

/** A window in which units do not fall, or do not move at all. */
export interface FreezeView {
  readonly hold: 'all' | 'in';
  /** End, epoch ms. */
  readonly until: number;
  readonly why: string;
}

/** An operator's word, which ends by itself. */
export interface HoldView {
  readonly kind: 'freeze' | 'pin';
  /** Of a pin. */
  readonly units?: number | undefined;
  /** Of a freeze: units may rise. */
  readonly inOnly?: boolean | undefined;
  /** End, epoch ms. */
  readonly until: number;
  readonly by: string;
  readonly reason: string;
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
  /** Full control: how long a reduction must have been safe. */
  readonly calmMs: number;
  /** Full control: largest share of the units to remove in one cycle; one unit may always go. */
  readonly maxDownShare: number;
}

/**
 * Units in, units and at most one reason out: a reason where it changed something, none where not. A second pass changes nothing.
 * `hold` alone gives its reason always: an operator is named as long as the order stands.
 */
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
