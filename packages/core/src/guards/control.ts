import { formatDuration } from '@auspex/contracts';
import type { Guard, GuardLimits, GuardView } from './guard.ts';

/**
 * In full control nobody else brings back what is taken away, so a reduction must be safe: no lower than demand may need and a reactive
 * policy asks for, for a while, and a share at a time. Under another autoscaler a floor may fall.
 */
export const control: Guard = (units, view, limits) => {
  if (view.control === 'floor' || units >= view.previous) return { units };
  const stopped = view.blocked ?? restless(view, limits);
  if (stopped !== undefined) return { units: view.previous, text: `held at ${view.previous}: ${stopped}` };
  const needed = view.calm.reduce((most, each) => (inWindow(each, view, limits) ? Math.max(most, each.units) : most), 0);
  const safe = Math.min(Math.max(units, needed), view.previous);
  const least = view.previous - Math.max(1, Math.floor(view.previous * limits.maxDownShare));
  const held = Math.max(safe, least);
  if (held === units) return { units };
  const why =
    held === safe
      ? `up to ${needed} may be needed, or were asked for reactively, within ${formatDuration(limits.calmMs)}`
      : `a cycle may remove ${Math.round(100 * limits.maxDownShare)} %`;
  return { units: held, text: `held at ${held}: ${why}` };
};

/** How long a reduction has yet to be safe; undefined = it has been long enough. */
function restless({ calm, step }: GuardView, { calmMs }: GuardLimits): string | undefined {
  const left = (calm[0]?.step ?? step) + calmMs - step;
  return left > 0 ? `a reduction has to be safe for ${formatDuration(calmMs)}, and ${formatDuration(left)} are left` : undefined;
}

function inWindow({ step }: { readonly step: number }, view: GuardView, { calmMs }: GuardLimits): boolean {
  return step >= view.step - calmMs;
}
