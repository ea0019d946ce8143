// Where generated visitors and machines are.
import type { SeededRandom } from '../../../packages/numerics/src/index.ts';
import { pick } from './shape.ts';
import type { World } from './world.ts';

const WORLD =
  'AR AU BD BG BR CA CH CL CN CO CZ DE EG ES FR GB GR HK HU ID IL IN IR IT JP KE KR MA MX MY NG NL PE PH PK PL RO RS RU SA SE SG TH TN TR TW UA US VN ZA'.split(
    ' ',
  );

export type Place = 'usual' | 'one usual' | 'one new' | 'spread';

/** A draw of countries: as usual, all of one, or spread over the world. Undefined where the country is not known. */
export function placesOf(world: World, random: SeededRandom, place: Place): () => string | undefined {
  if (world.countries.length === 0) return () => undefined;
  if (place === 'usual') return () => pick(random, world.countries);
  if (place === 'one usual') {
    const one = pick(random, world.countries);
    return () => one;
  }
  if (place === 'one new') {
    const usual = new Set(world.countries);
    const one = pick(
      random,
      WORLD.filter((code) => !usual.has(code)),
    );
    return () => one;
  }
  const some = WORLD.filter(() => random.next() < 0.6);
  return () => pick(random, some.length > 0 ? some : WORLD);
}
