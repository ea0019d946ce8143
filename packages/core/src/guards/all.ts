import { bounds } from './bounds.ts';
import { cooldown } from './cooldown.ts';
import type { Guard } from './guard.ts';
import { stabilise } from './stabilise.ts';
import { step } from './step.ts';

/** The guards in their order; `bounds` is last. */
export const GUARDS: readonly (readonly [name: string, guard: Guard])[] = [
  ['stabilise', stabilise],
  ['cooldown', cooldown],
  ['step', step],
  ['bounds', bounds],
];
