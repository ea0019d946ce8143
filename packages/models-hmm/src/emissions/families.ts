import { categoricalFamily } from './categorical.ts';
import type { Emission, EmissionFamily } from './emission.ts';
import type { Family } from './family.ts';
import { gaussianFamily } from './gaussian.ts';
import { fullGaussianFamily } from './gaussian-full.ts';
import { gaussianMixtureFamily } from './gaussian-mixture.ts';
import { negativeBinomialFamily } from './negative-binomial.ts';
import { poissonFamily } from './poisson.ts';

const FAMILIES: { readonly [F in EmissionFamily]: Family<Extract<Emission, { family: F }>> } = {
  gaussian: gaussianFamily,
  'gaussian-full': fullGaussianFamily,
  poisson: poissonFamily,
  'negative-binomial': negativeBinomialFamily,
  categorical: categoricalFamily,
  'gaussian-mixture': gaussianMixtureFamily,
};

/** What to do with an emission. @throws RangeError on a family that is not known */
export function familyOf<E extends Emission>(emission: E): Family<E> {
  // Each entry belongs to its own key; the compiler cannot follow that through a union.
  const family = Object.hasOwn(FAMILIES, emission.family) ? (FAMILIES[emission.family] as unknown as Family<E>) : undefined;
  if (!family) throw new RangeError(`there is no emission family "${emission.family}"`);
  return family;
}
