import { normalCdf } from '@auspex/numerics';

/** The table spans +-REACH in steps of 1 / STEPS. */
export const REACH = 8;
export const STEPS = 128;
/**
 * Phi at i / STEPS - REACH. Linear interpolation is within 2e-6; differences times STEPS are its density, at no further cost.
 */
export const CDF: Float64Array = new Float64Array(2 * REACH * STEPS + 2);

for (let i = 0; i < CDF.length; i++) CDF[i] = normalCdf(i / STEPS - REACH);
