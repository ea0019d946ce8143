import { generate } from './generate.ts';
import { gaussianLoops, latticeLoops } from './loops.ts';
import type { Kernels } from './passes.ts';

/** Most states whose loops are written out: code grows with the square. */
const MOST_UNROLLED = 8;

/** Whether this process may compile text. A content security policy or `--disallow-code-generation-from-strings` forbids it. */
function mayGenerate(): boolean {
  try {
    return new Function('return true')() === true;
  } catch {
    return false;
  }
}

let allowed: boolean | undefined;
const made = new Map<number, Kernels>();

/** The kernels for K states: written out where that is allowed and K is small, else loops. Both give the same numbers up to rounding. */
export function kernelsFor(states: number): Kernels {
  let kernels = made.get(states);
  if (!kernels) {
    allowed ??= mayGenerate();
    kernels = allowed && states <= MOST_UNROLLED ? generate(states) : { lattice: latticeLoops(states), gaussian: gaussianLoops(states) };
    made.set(states, kernels);
  }
  return kernels;
}
