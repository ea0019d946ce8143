export { addDistinct, countDistinct, type Distinct, emptyDistinct, mergeDistinct } from './distinct.ts';
export { finalise, hash32 } from './hash.ts';
export { pack, unpack } from './pack.ts';
export { pinball, quantileSorted } from './quantile.ts';
export { SeededRandom } from './random.ts';
export { Ring } from './ring.ts';
export { addTally, type Counts, emptyTally, mergeTally, TALLY_CAP } from './tally.ts';
export { Zone, zone } from './zone.ts';
