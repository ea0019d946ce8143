import { inspect } from 'node:util';
import {
  type ForecastRequest,
  LEVELS,
  NOT_READY,
  type NotReady,
  type Observation,
  type Plugin,
  type Prediction,
  type Predictor,
  type SeriesInfo,
  type TrainingSeries,
} from '@auspex/contracts';
import { must } from '../../law.ts';
import type { PredictorSubject } from '../../subject.ts';
import type { Tools } from '../../tools.ts';
import { daily } from '../../worlds/world.ts';
import { difference } from './same.ts';

export type Answer = Prediction | NotReady;

const never = new AbortController().signal;
const HORIZON: readonly number[] = Object.freeze([1, 2, 4, 8, 12, 24, 100]);

export const stepOf = (subject: PredictorSubject): number => subject.stepMs ?? 900_000;
export const warmUpOf = (subject: PredictorSubject): number => subject.warmUp ?? 900;

export function seriesOf(subject: PredictorSubject, id = 'web@*/requests', zone = 'Europe/Berlin'): SeriesInfo {
  return { id, scope: 'group', name: id.split('@')[0] as string, pop: '*', measure: 'requests', zone, stepMs: stepOf(subject) };
}

/** A usual world of the subject's step, as plain observations; by default as long as its warm-up. */
export function usual(subject: PredictorSubject, given: { steps?: number; scale?: number; seed?: string } = {}): Observation[] {
  return plain(daily({ stepMs: stepOf(subject), steps: warmUpOf(subject), ...given }));
}

/** What a predictor is shown of a world, and no more. */
export function plain(world: readonly Observation[]): Observation[] {
  return world.map(({ step, value, truth }) => ({ step, value, truth }));
}

export function feed(predictor: Predictor, state: unknown, observations: readonly Observation[]): unknown {
  let fed = state;
  for (const observation of observations) fed = predictor.observe(fed, { ...observation });
  return fed;
}

/** A question for what follows `observations`. */
export function request(
  subject: PredictorSubject,
  observations: readonly Observation[],
  given: Partial<ForecastRequest> = {},
): ForecastRequest {
  const last = observations.at(-1);
  const origin = last ? last.step + stepOf(subject) : Date.UTC(2026, 0, 5);
  return { origin, horizon: [...HORIZON], levels: [...LEVELS], ...given };
}

/** Asks as the engine does: at once where it is declared, which a predictor elsewhere may be able to do alone. */
export async function ask(predictor: Predictor, subject: PredictorSubject, state: unknown, question: ForecastRequest): Promise<Answer> {
  if (!subject.plugin.capabilities.batch || !predictor.forecastBatch) return predictor.forecast(state, question);
  const answers = await predictor.forecastBatch([state], [question], never);
  must(answers.length === 1, () => `forecastBatch gives ${answers.length} answers to one question`);
  return answers[0] as Answer;
}

/** Feeds a new state of `predictor` and asks what follows. */
export async function foretell(
  predictor: Predictor,
  subject: PredictorSubject,
  observations: readonly Observation[],
  series = seriesOf(subject),
  given: Partial<ForecastRequest> = {},
): Promise<Answer> {
  const state = feed(predictor, predictor.begin(series), observations);
  return ask(predictor, subject, state, request(subject, observations, given));
}

/** How two answers differ; undefined = they do not. A note may differ: it is prose. */
export function unlike(a: Answer, b: Answer, tolerance = 0): string | undefined {
  if (a === NOT_READY || b === NOT_READY) return a === b ? undefined : 'one is "not ready", the other an answer';
  return difference(a.quantiles, b.quantiles, tolerance, 'quantiles');
}

/** What is wrong with an answer's numbers; undefined = nothing. Its length is not looked at. */
export function malformed({ quantiles }: Prediction, { horizon, levels }: ForecastRequest): string | undefined {
  for (let i = 0; i < quantiles.length; i++) {
    const value = quantiles[i] as number;
    const [row, column] = [Math.floor(i / levels.length), i % levels.length];
    const where = `at ${horizon[row]} steps and level ${levels[column]}`;
    if (!Number.isFinite(value)) return `it says ${value} ${where}`;
    if (value < 0) return `it says the negative rate ${value} ${where}`;
    if (column > 0 && value < (quantiles[i - 1] as number)) return `it falls from ${quantiles[i - 1]} to ${value} ${where}`;
  }
  return undefined;
}

/** Observations as training gets them: no array, and each is made when it is asked for. */
class Recalled implements Iterable<Observation> {
  readonly #observations: readonly Observation[];

  constructor(observations: readonly Observation[]) {
    this.#observations = observations;
  }

  *[Symbol.iterator](): Generator<Observation, void, undefined> {
    for (const { step, value, truth } of this.#observations) yield { step, value, truth };
  }
}

/**
 * Three series of half the subject's warm-up, alike in their days and not in their size: a law asks that training is right, not good. The one
 * that laws ask about is among them, since a predictor may have weights for each series by itself.
 */
export function history(subject: PredictorSubject): TrainingSeries[] {
  return ['a', 'web', 'c'].map((name, i) => ({
    series: seriesOf(subject, `${name}@*/requests`),
    observations: new Recalled(usual(subject, { seed: name, scale: 10 ** i, steps: Math.ceil(warmUpOf(subject) / 2) })),
  }));
}

/** Weights by plugin and options: training is deterministic (a law of its own), so that one training serves all laws. */
const trained = new WeakMap<Plugin<'predictor'>, Map<string, Promise<Uint8Array | undefined>>>();

/** The weights that the subject's plugin makes of `history`; undefined where it makes none. */
export function weightsOf(subject: PredictorSubject, tools: Tools<'predictor'>): Promise<Uint8Array | undefined> {
  const known = trained.get(subject.plugin) ?? new Map<string, Promise<Uint8Array | undefined>>();
  trained.set(subject.plugin, known);
  // Not as JSON: options may hold a client, which may hold itself.
  const key = inspect([subject.with, stepOf(subject), warmUpOf(subject)], { depth: 10, maxArrayLength: null, maxStringLength: null });
  let weights = known.get(key);
  if (!weights) {
    weights = Promise.resolve(tools.create().train?.(history(subject), never));
    known.set(key, weights);
  }
  return weights;
}

/** A new instance that is ready to answer: with weights, where it has any. */
export async function ready(subject: PredictorSubject, tools: Tools<'predictor'>): Promise<Predictor> {
  const predictor = tools.create();
  if (!subject.plugin.capabilities.trains) return predictor;
  const weights = await weightsOf(subject, tools);
  if (weights !== undefined) predictor.use?.(weights.slice());
  return predictor;
}
