import type { Guard } from './guard.ts';

/** Bounds the change of one cycle. */
export const step: Guard = (units, view, limits) => {
  const highest = limits.maxUp === undefined ? units : Math.min(units, view.previous + limits.maxUp);
  const bounded = limits.maxDown === undefined ? highest : Math.max(highest, view.previous - limits.maxDown);
  return bounded === units
    ? { units }
    : {
        units: bounded,
        text: `${units} cut to ${bounded}: a cycle may add ${limits.maxUp ?? 'any'} and remove ${limits.maxDown ?? 'any'}`,
      };
};
