// A logistic regression with ridge penalty and no negative weight: what speaks for an attack may count for nothing, never against one.
import { EVIDENCE_IDS, type EvidenceId } from '../../../packages/alerts/src/audience/evidence.ts';
import { amountOf } from '../../../packages/alerts/src/audience/verdict.ts';
import type { Weight, Weights } from '../../../packages/alerts/src/audience/weights.ts';
import { SeededRandom } from '../../../packages/numerics/src/index.ts';
import { ASKED, type Episode, type Seen } from './play.ts';

/** How much it costs a weight to leave what was believed of it, beside the mean loss of an episode; of standardised evidence. */
const RIDGE = 0.005;
/**
 * What is believed of each weight before an episode was seen: a log ratio counts as it is, a share three times. So evidence that no family of the
 * training shows, as failed sign-ins without credential stuffing, counts all the same.
 */
const BELIEF: Readonly<Record<EvidenceId, number>> = {
  'requests-per-source': 1,
  'few-per-source': 1,
  'top-source': 1,
  'heavy-sources': 3,
  'new-users': 3,
  'strangers-as-usual': 3,
  staying: 3,
  'one-resource': 3,
  breadth: 1,
  'rare-resources': 3,
  'failure-ratio': 1,
  failures: 1,
  'new-countries': 1,
  'spread-of-countries': 0.5,
  'not-signed-in': 3,
};
const ROUNDS = 1_500;
/** Share of episodes that is shown once more without the evidence of one kind, so that weights do not lean on what may be missing. */
const BLINDED = 0.3;
const KINDS: readonly (readonly EvidenceId[])[] = [
  ['new-users', 'strangers-as-usual', 'staying'],
  ['staying'],
  ['requests-per-source', 'few-per-source', 'top-source', 'heavy-sources'],
  ['failure-ratio', 'failures'],
  ['new-countries', 'spread-of-countries', 'not-signed-in'],
];

interface Row {
  /** NaN = not known. */
  readonly values: Float64Array;
  readonly hostile: boolean;
  weight: number;
  readonly kind: string;
}

export function fitWeights(episodes: readonly Episode[], seed: string): Weights {
  const rows = rowsOf(episodes, new SeededRandom(`fit/${seed}`));
  balance(rows);
  const scales = EVIDENCE_IDS.map((id, i) => scaleOf(rows, i, SPREAD / BELIEF[id]));
  for (const { values } of rows)
    for (const [i, { middle, spread }] of scales.entries())
      values[i] = Number.isNaN(values[i]) ? 0 : ((values[i] as number) - middle) / spread;
  const { weights, bias } = descend(
    rows,
    EVIDENCE_IDS.map((id, i) => BELIEF[id] * (scales[i] as Scale).spread),
  );
  const of = EVIDENCE_IDS.map((id, i): [EvidenceId, Weight] => {
    const { middle, spread } = scales[i] as Scale;
    return [id, { weight: round((weights[i] as number) / spread), neutral: round(middle) }];
  });
  return { bias: round(bias), of: Object.fromEntries(of) as Weights['of'] };
}

const round = (value: number): number => Number(value.toFixed(3));

function rowsOf(episodes: readonly Episode[], random: SeededRandom): Row[] {
  return episodes.flatMap(({ kind, hostile, seen }) =>
    ASKED.flatMap((asked) => {
      const { evidence } = seen[asked];
      if (evidence === undefined) return [];
      const values = Float64Array.from(EVIDENCE_IDS, (id) => evidence.find(({ of }) => of === id)?.value ?? Number.NaN);
      const row = { values, hostile, weight: 1, kind };
      if (random.next() >= BLINDED) return [row];
      const blind = values.slice();
      for (const id of KINDS[random.below(KINDS.length)] as readonly EvidenceId[]) blind[EVIDENCE_IDS.indexOf(id)] = Number.NaN;
      return [row, { ...row, values: blind }];
    }),
  );
}

/** Attacks weigh as much as audiences, and each kind of them as much as the others. */
function balance(rows: readonly Row[]): void {
  const counts = new Map<string, number>();
  for (const { kind } of rows) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const kinds = [true, false].map((hostile) => new Set(rows.filter((row) => row.hostile === hostile).map(({ kind }) => kind)).size) as [
    number,
    number,
  ];
  for (const row of rows) row.weight = 0.5 / (row.hostile ? kinds[0] : kinds[1]) / (counts.get(row.kind) as number);
}

/** Evidence that hardly differs among episodes would count without bounds where it does: in parts of what adds one to the log-odds. */
const SPREAD = 0.5;

interface Scale {
  readonly middle: number;
  readonly spread: number;
}

/** Between the means of attacks and audiences, and how far values lie from there. */
function scaleOf(rows: readonly Row[], i: number, least: number): Scale {
  const known = rows.filter(({ values }) => !Number.isNaN(values[i]));
  const mean = (of: readonly Row[]): number => {
    const weight = of.reduce((sum, row) => sum + row.weight, 0);
    return weight > 0 ? of.reduce((sum, row) => sum + row.weight * (row.values[i] as number), 0) / weight : 0;
  };
  // Evidence that is 0 where a sign is not there speaks for nobody by that: not every attack shows every sign.
  const signed = known.every(({ values }) => (values[i] as number) >= 0);
  const middle = signed ? 0 : (mean(known.filter(({ hostile }) => hostile)) + mean(known.filter(({ hostile }) => !hostile))) / 2;
  const weight = known.reduce((sum, row) => sum + row.weight, 0);
  const variance = weight > 0 ? known.reduce((sum, row) => sum + row.weight * ((row.values[i] as number) - middle) ** 2, 0) / weight : 1;
  return { middle, spread: Math.max(least, Math.sqrt(variance)) };
}

/** Accelerated projected gradients (Nesterov 1983; Beck & Teboulle 2009). */
function descend(rows: readonly Row[], belief: readonly number[]): { weights: Float64Array; bias: number } {
  const n = EVIDENCE_IDS.length + 1;
  let [at, ahead, momentum] = [new Float64Array(n), new Float64Array(n), 1];
  const rate = 4 / n;
  for (let round = 0; round < ROUNDS; round++) {
    const gradient = new Float64Array(n);
    for (const { values, hostile, weight } of rows) {
      let logit = ahead[n - 1] as number;
      for (let i = 0; i < n - 1; i++) logit += (values[i] as number) * (ahead[i] as number);
      const error = weight * (1 / (1 + Math.exp(-logit)) - (hostile ? 1 : 0));
      for (let i = 0; i < n - 1; i++) gradient[i] = (gradient[i] as number) + error * (values[i] as number);
      gradient[n - 1] = (gradient[n - 1] as number) + error;
    }
    const next = ahead.map((value, i) => {
      const moved = value - rate * ((gradient[i] as number) + (i < n - 1 ? RIDGE * (value - (belief[i] as number)) : 0));
      return i < n - 1 ? Math.max(0, moved) : moved;
    });
    const after = (1 + Math.sqrt(1 + 4 * momentum ** 2)) / 2;
    const before = at;
    ahead = next.map((value, i) => value + ((momentum - 1) / after) * (value - (before[i] as number)));
    [at, momentum] = [next, after];
  }
  return { weights: at.slice(0, n - 1), bias: at[n - 1] as number };
}

/** Log-odds of an attack at even odds; undefined = no verdict. */
export function logitOf({ evidence }: Pick<Seen, 'evidence'>, weights: Weights): number | undefined {
  return evidence?.reduce((sum, thing) => sum + amountOf(thing, weights), weights.bias);
}
