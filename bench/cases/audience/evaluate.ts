// The protocol: each family of attacks is judged by weights that were fitted without it, each kind of audience by weights that were fitted without that.
import type { Weights } from '../../../packages/alerts/src/audience/weights.ts';
import { FAMILIES, type Family } from './attacks.ts';
import { CROWDS, type Crowd } from './crowds.ts';
import { fitWeights, logitOf } from './fit.ts';
import { ASKED, type Asked, type Episode, type Played, playEpisodes } from './play.ts';
import { auc, aucInterval, precisionAt, shareAbove, thresholdFor } from './score.ts';

/** Share of audiences that may be called hostile. */
export const MOST = 0.01;

/** How well one way of judging tells a set of attacks from all audiences. */
export interface Quality {
  readonly auc: number;
  readonly interval: readonly [number, number];
  /** At the threshold that the audiences of the training ask for. */
  readonly recall: number;
  readonly falseAlarms: number;
  readonly precision: number;
}

export interface FamilyFigures {
  readonly family: Family;
  readonly asked: Asked;
  readonly episodes: number;
  /** Fitted without the family. */
  readonly heldOut: Quality;
  /** The same among episodes with a verdict. */
  readonly judgedAuc: number;
  /** Of its attacks, of the audiences: without a verdict. */
  readonly abstained: readonly [attacks: number, crowds: number];
  /** Fitted with it: what the shipped weights do. */
  readonly known: Quality;
  readonly baseline: Quality;
  readonly variants: readonly { readonly name: string; readonly episodes: number; readonly auc: number; readonly recall: number }[];
  readonly heights: readonly { readonly from: number; readonly to: number; readonly episodes: number; readonly auc: number }[];
}

export interface CrowdFigures {
  readonly kind: Crowd;
  readonly episodes: number;
  readonly abstained: number;
  /** Share that is called hostile where the kind was among the training, and where it was not. */
  readonly falseAlarms: number;
  readonly unseen: number;
}

export interface Figures {
  readonly train: number;
  readonly test: number;
  readonly families: readonly FamilyFigures[];
  readonly crowds: readonly CrowdFigures[];
  /** By the weights that ship, after 5 steps, at the default prior and threshold. */
  readonly shipped: { readonly falseAlarms: number; readonly recall: Readonly<Record<Family, number>> };
  /** What the shipped weights say at even odds, beside how often it was an attack then. */
  readonly calibration: readonly {
    readonly from: number;
    readonly to: number;
    readonly said: number;
    readonly were: number;
    readonly episodes: number;
  }[];
  readonly weights: Weights;
}

/** The time at which the tables of kinds are made. */
const MAIN: Asked = 5;
const HEIGHTS = [
  [1.5, 2],
  [2, 4],
  [4, 10],
] as const;
/** Log-odds from which it is called hostile as it comes: threshold 0.5 at a prior of 0.01. */
const SHIPPED = Math.log(0.99 / 0.01);

export interface Drawing {
  readonly attacks: number;
  readonly crowds: number;
  readonly seed: string;
  /** For development: the second half of the logs, and the test's seeds, are not looked at. */
  readonly develop: boolean;
}

export function evaluate(played: readonly Played[], { attacks, crowds, seed, develop }: Drawing): Figures {
  const each = { attacks, crowds };
  const train = playEpisodes(played, develop ? [0, 0.35] : [0, 0.5], each, `${seed}/train`);
  const test = playEpisodes(played, develop ? [0.35, 0.5] : [0.5, 1], each, `${seed}/${develop ? 'develop' : 'test'}`);
  const weights = fitWeights(train, seed);
  const without = new Map(
    FAMILIES.map((family) => [
      family,
      fitWeights(
        train.filter(({ kind }) => kind !== family),
        seed,
      ),
    ]),
  );
  return {
    train: train.length,
    test: test.length,
    families: ASKED.flatMap((asked) =>
      FAMILIES.map((family) => familyFigures(family, asked, train, test, without.get(family) as Weights, weights, seed)),
    ),
    crowds: CROWDS.map((kind) => crowdFigures(kind, train, test, weights, seed)),
    shipped: shippedFigures(test, weights),
    calibration: calibration(test, weights),
    weights,
  };
}

type Score = (episode: Episode) => number;

/** Without a verdict nothing is added to the prior. */
const by =
  (weights: Weights, asked: Asked): Score =>
  ({ seen }) =>
    logitOf(seen[asked], weights) ?? 0;

function quality(
  score: Score,
  attacks: readonly Episode[],
  crowds: readonly Episode[],
  training: readonly Episode[],
  seed: string,
): Quality {
  const [ours, theirs] = [attacks.map(score), crowds.map(score)];
  const threshold = thresholdFor(training.filter(({ hostile }) => !hostile).map(score), MOST);
  const [recall, falseAlarms] = [shareAbove(ours, threshold), shareAbove(theirs, threshold)];
  return {
    auc: auc(ours, theirs),
    interval: aucInterval(ours, theirs, seed),
    recall,
    falseAlarms,
    precision: precisionAt(recall, falseAlarms),
  };
}

function familyFigures(
  family: Family,
  asked: Asked,
  train: readonly Episode[],
  test: readonly Episode[],
  without: Weights,
  weights: Weights,
  seed: string,
): FamilyFigures {
  const [attacks, crowds] = [test.filter(({ kind }) => kind === family), test.filter(({ hostile }) => !hostile)];
  const judged = (of: readonly Episode[]): Episode[] => of.filter(({ seen }) => seen[asked].evidence !== undefined);
  const score = by(without, asked);
  const threshold = thresholdFor(train.filter(({ hostile }) => !hostile).map(score), MOST);
  const part = (of: readonly Episode[], among: readonly Episode[] = crowds): { episodes: number; auc: number; recall: number } => ({
    episodes: of.length,
    auc: auc(of.map(score), among.map(score)),
    recall: shareAbove(of.map(score), threshold),
  });
  return {
    family,
    asked,
    episodes: attacks.length,
    heldOut: quality(score, attacks, crowds, train, seed),
    judgedAuc: auc(judged(attacks).map(score), judged(crowds).map(score)),
    abstained: [1 - judged(attacks).length / attacks.length, 1 - judged(crowds).length / crowds.length],
    known: quality(by(weights, asked), attacks, crowds, train, seed),
    baseline: quality(({ seen }) => seen[asked].perSource, attacks, crowds, train, seed),
    variants: [...new Set(attacks.map(({ variant }) => variant))].sort().map((name) => ({
      name,
      ...part(attacks.filter(({ variant }) => variant === name)),
    })),
    heights: HEIGHTS.map(([from, to]) => {
      const within = ({ intensity }: Episode): boolean => intensity >= from && intensity < to;
      return { from, to, ...part(attacks.filter(within), crowds.filter(within)) };
    }),
  };
}

function crowdFigures(kind: Crowd, train: readonly Episode[], test: readonly Episode[], weights: Weights, seed: string): CrowdFigures {
  const episodes = test.filter((episode) => episode.kind === kind);
  const others = train.filter((episode) => episode.kind !== kind);
  const called = (fitted: Weights, training: readonly Episode[]): number => {
    const score = by(fitted, MAIN);
    return shareAbove(episodes.map(score), thresholdFor(training.filter(({ hostile }) => !hostile).map(score), MOST));
  };
  return {
    kind,
    episodes: episodes.length,
    abstained: episodes.filter(({ seen }) => seen[MAIN].evidence === undefined).length / episodes.length,
    falseAlarms: called(weights, train),
    unseen: called(fitWeights(others, seed), others),
  };
}

function shippedFigures(test: readonly Episode[], weights: Weights): Figures['shipped'] {
  const called = (of: readonly Episode[]): number => shareAbove(of.map(by(weights, MAIN)), SHIPPED);
  const recall = FAMILIES.map((family) => [family, called(test.filter(({ kind }) => kind === family))]);
  return { falseAlarms: called(test.filter(({ hostile }) => !hostile)), recall: Object.fromEntries(recall) as Record<Family, number> };
}

const BINS = [0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1];

/** Attacks and audiences weigh the same together, as where one is as likely as the other. */
function calibration(test: readonly Episode[], weights: Weights): Figures['calibration'] {
  const judged = test.flatMap(({ hostile, seen }) => {
    const logit = logitOf(seen[MAIN], weights);
    return logit === undefined ? [] : [{ hostile, chance: 1 / (1 + Math.exp(-logit)) }];
  });
  const attacks = judged.filter(({ hostile }) => hostile).length;
  const weigh = (of: typeof judged, what: (one: (typeof judged)[number]) => number): number =>
    of.reduce((sum, one) => sum + what(one) / (one.hostile ? attacks : judged.length - attacks), 0);
  return BINS.slice(1).map((to, n) => {
    const from = BINS[n] as number;
    const bin = judged.filter(({ chance }) => chance >= from && (chance < to || to === 1));
    const all = weigh(bin, () => 1);
    return {
      from,
      to,
      said: weigh(bin, ({ chance }) => chance) / all,
      were: weigh(bin, ({ hostile }) => Number(hostile)) / all,
      episodes: bin.length,
    };
  });
}
