import { bounds } from './bounds.ts';
import { control } from './control.ts';
import { cooldown } from './cooldown.ts';
import { freeze } from './freeze.ts';
import type { Guard } from './guard.ts';
import { hold } from './hold.ts';
import { hostile } from './hostile.ts';
import { stabilise } from './stabilise.ts';
import { step } from './step.ts';

/** The guards in their order: how fast units may move, then who has said that they do not, and `bounds` last. */
export const GUARDS: readonly (readonly [name: string, guard: Guard])[] = [
  ['stabilise', stabilise],
  ['cooldown', cooldown],
  ['control', control],
  ['step', step],
  ['hostile', hostile],
  ['freeze', freeze],
  ['hold', hold],
  ['bounds', bounds],
];
