export { chanceAbove, chanceAhead } from './chance.ts';
export { addDistinct, countDistinct, type Distinct, emptyDistinct, mergeDistinct } from './distinct.ts';
export { finalise, hash32 } from './hash.ts';
export {
  type HpaRecommendation,
  type HpaTolerance,
  hpaDesired,
  hpaHighest,
  hpaStabilised,
  hpaWindow,
  isNearTarget,
  unitsAtTarget,
} from './hpa.ts';
export { addRow, type NormalEquations, solveRidge } from './least-squares.ts';
export { normalCdf, normalQuantile } from './normal.ts';
export { pack, unpack } from './pack.ts';
export { pathMaxima } from './path-maxima.ts';
export { positionIn } from './position.ts';
export { pinball, quantileSorted } from './quantile.ts';
export { SeededRandom } from './random.ts';
export { Ring } from './ring.ts';
export { scoreOf, surpriseOf } from './surprise.ts';
export { emptyTail, isTail, learnBounded, learnInto, surpriseAbove, surpriseIn, type Tail } from './tail.ts';
export { addTally, type Counts, emptyTally, joinTally, mergeTally, TALLY_CAP } from './tally.ts';
export { Zone, zone } from './zone.ts';
