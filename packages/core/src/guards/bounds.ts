import type { Guard } from './guard.ts';

/** Inside the pool's bounds, and whole. Last, so that nothing after it can leave them. */
export const bounds: Guard = (units, view) => {
  // A proposal that is no number is a bug upstream: the last order stands rather than an extreme.
  const last = Number.isFinite(view.previous) ? view.previous : view.min;
  const whole = Math.ceil(Number.isFinite(units) ? units : last);
  const inside = Math.min(Math.max(whole, view.min), view.max);
  return inside === units
    ? { units }
    : { units: inside, text: `${units} set to ${inside}: the pool's bounds are ${view.min}..${view.max}` };
};
