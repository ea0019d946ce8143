import { stamp } from '../persistence/keys.ts';
import type { Guard } from './guard.ts';

/** A declared window in which units do not fall; where it says so, they do not rise either. */
export const freeze: Guard = (units, { previous, freeze: window }) => {
  if (!window || units === previous || (units > previous && window.hold === 'in')) return { units };
  return { units: previous, text: `held at ${previous} until ${stamp(window.until)}: ${window.why}` };
};
