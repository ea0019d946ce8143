// How good scores are at telling attacks from audiences.
import { quantileSorted, SeededRandom } from '../../../packages/numerics/src/index.ts';

/** Area under the ROC: the chance that an attack scores higher than an audience, ties half (Mann & Whitney 1947). */
export function auc(attacks: readonly number[], crowds: readonly number[]): number {
  const sorted = crowds.toSorted((a, b) => a - b);
  let wins = 0;
  for (const score of attacks) {
    const [below, upTo] = [position(sorted, score, false), position(sorted, score, true)];
    wins += below + (upTo - below) / 2;
  }
  return wins / attacks.length / crowds.length;
}

/** How many of rising values lie below a value, or do not lie above it. */
function position(sorted: readonly number[], value: number, equal: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const here = sorted[middle] as number;
    if (here < value || (equal && here === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

const RESAMPLES = 500;

/** Its 95 % interval, by resampling episodes of both kinds (Efron 1979). */
export function aucInterval(attacks: readonly number[], crowds: readonly number[], seed: string): readonly [number, number] {
  const random = new SeededRandom(`bootstrap/${seed}`);
  const again = (of: readonly number[]): number[] => of.map(() => of[random.below(of.length)] as number);
  const found = Array.from({ length: RESAMPLES }, () => auc(again(attacks), again(crowds))).sort((a, b) => a - b);
  return [quantileSorted(found, 0.025), quantileSorted(found, 0.975)];
}

/** The lowest threshold above which so few of the audiences lie that one can be 95 % sure that it is at most `most` of all such. */
export function thresholdFor(crowds: readonly number[], most: number): number {
  const sorted = crowds.toSorted((a, b) => b - a);
  let above = 0;
  while (above < sorted.length && upperBound(above, sorted.length) <= most) above++;
  // `above - 1` may lie above; the next one is the threshold. Without any the highest is not enough.
  return above === 0 ? Number.POSITIVE_INFINITY : (sorted[above - 1] as number);
}

export function shareAbove(scores: readonly number[], threshold: number): number {
  return scores.filter((score) => score > threshold).length / scores.length;
}

/** The upper end of the one-sided 95 % interval of a share of which `found` of `of` were seen (Clopper & Pearson 1934). */
export function upperBound(found: number, of: number): number {
  if (found >= of) return 1;
  let [low, high] = [found / of, 1];
  for (let n = 0; n < 50; n++) {
    const middle = (low + high) / 2;
    if (atMost(found, of, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

/** Chance of at most `found` of `of`, each with the chance `p`. */
function atMost(found: number, of: number, p: number): number {
  let [term, sum] = [of * Math.log1p(-p), 0];
  for (let n = 0; n <= found; n++) {
    sum += Math.exp(term);
    term += Math.log((of - n) / (n + 1)) + Math.log(p / (1 - p));
  }
  return sum;
}

/** Of those that are called hostile, how many are: where one surge of a hundred and one is an attack. */
export function precisionAt(recall: number, falseAlarms: number, audiences = 100): number {
  return recall === 0 ? 0 : recall / (recall + audiences * falseAlarms);
}
