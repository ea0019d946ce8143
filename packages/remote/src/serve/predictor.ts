import {
  type ForecastRequest,
  NOT_READY,
  type NotReady,
  type Observation,
  type Prediction,
  type Predictor,
  type TrainingSeries,
} from '@auspex/contracts';
import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import {
  Predictor as PredictorService,
  type SeriesAnswerSchema,
  type SeriesQuestion,
  type TrainRequestSchema,
} from '../gen/auspex/v1/auspex_pb.ts';
import { fromObservations, fromSeries } from '../wire/series.ts';
import { childLogger } from './context.ts';
import { DecodedStates } from './decoded.ts';
import { type Handlers, Refusal, unary, upload } from './handlers.ts';
import type { Instances } from './instances.ts';

/** Steps made up at most for those that were lost on the way. */
const MADE_UP = 4_096;

type Answer = MessageInitShape<typeof SeriesAnswerSchema>;

/** One series between question and answer. */
interface Asked {
  readonly state: unknown;
  readonly bytes: Uint8Array;
  readonly request: ForecastRequest;
}

/** Serves a predictor: each series' state comes with its question and goes with its answer. */
export function predictorHandlers(instances: Instances<'predictor'>, batch: boolean): Handlers {
  const decoded = new WeakMap<Predictor, DecodedStates>();
  return {
    forecast: unary(PredictorService.method.forecast, async ({ instance, series }, signal) => {
      const predictor = instances.get(instance);
      const states = decoded.get(predictor) ?? new DecodedStates();
      decoded.set(predictor, states);
      return { series: await answerAll(predictor, batch, states, series, signal) };
    }),
    train: upload(PredictorService.method.train, async (requests, signal) => {
      const { instance, history } = await gather(requests);
      const artifact = await instances.get(instance).train?.(history, signal);
      return artifact === undefined ? {} : { artifact };
    }),
    use: unary(PredictorService.method.use, ({ instance, artifact }) => {
      const predictor = instances.get(instance);
      try {
        predictor.use?.(artifact);
      } catch (error) {
        throw new Refusal(status.INVALID_ARGUMENT, error);
      }
      // What was derived from a state with the old weights is not what the new ones would derive.
      decoded.delete(predictor);
      return {};
    }),
  };
}

async function answerAll(
  predictor: Predictor,
  batch: boolean,
  states: DecodedStates,
  questions: readonly SeriesQuestion[],
  signal: AbortSignal,
): Promise<Answer[]> {
  const asked = questions.map((question) => catchUp(predictor, states, question));
  const answers = new Array<Answer>(asked.length);
  const good: { readonly index: number; readonly asked: Asked }[] = [];
  asked.forEach((one, index) => {
    if ('request' in one) good.push({ index, asked: one });
    else answers[index] = one;
  });
  const predictions = await forecastAll(
    predictor,
    batch,
    good.map(({ asked }) => asked),
    signal,
  );
  good.forEach(({ index, asked }, i) => {
    answers[index] = { state: asked.bytes, answer: toAnswer(predictions[i]) };
  });
  return answers;
}

/** Brings a series to its present state. */
function catchUp(predictor: Predictor, states: DecodedStates, question: SeriesQuestion): Asked | Answer {
  if (question.info === undefined) return { answer: { case: 'error', value: { message: 'a question without a series' } } };
  const info = fromSeries(question.info);
  let state: unknown;
  try {
    state = states.take(info.id, question.state) ?? (question.state ? predictor.decode(question.state, info) : predictor.begin(info));
  } catch (error) {
    return { answer: { case: 'error', value: { message: `its state cannot be read: ${text(error)}`, stateUnreadable: true } } };
  }
  for (const observation of [...lost(question, info.stepMs), ...fromObservations(question.observations)]) {
    try {
      state = predictor.observe(state, observation);
    } catch (error) {
      // As the engine does for a predictor beside it.
      childLogger.warn({ series: info.id }, `observe failed for ${info.id}: ${text(error)}; its state begins again from nothing`);
      state = predictor.begin(info);
    }
  }
  try {
    const bytes = predictor.encode(state);
    states.put(info.id, bytes, state);
    const { origin, horizon, levels } = question;
    return { state, bytes, request: { origin: Number(origin), horizon, levels } };
  } catch (error) {
    return { answer: { case: 'error', value: { message: `its state cannot be written: ${text(error)}` } } };
  }
}

/** Steps that closed but did not come through, as the contract has them: observed as missing. */
function lost({ lost, observations }: SeriesQuestion, stepMs: number): Observation[] {
  const first = Number(observations?.steps[0] ?? 0n);
  const count = Math.min(Number(lost), MADE_UP);
  return Array.from({ length: count }, (_, i) => ({ step: first - (count - i) * stepMs, value: 0, truth: 'missing' }));
}

type Result = Prediction | NotReady | Error;

async function forecastAll(predictor: Predictor, batch: boolean, asked: readonly Asked[], signal: AbortSignal): Promise<readonly Result[]> {
  if (asked.length === 0) return [];
  if (!batch || !predictor.forecastBatch) return asked.map((one) => attempt(() => predictor.forecast(one.state, one.request)));
  try {
    const answers = await predictor.forecastBatch(
      asked.map(({ state }) => state),
      asked.map(({ request }) => request),
      signal,
    );
    if (answers.length === asked.length) return answers;
    throw new Error(`answered ${answers.length} series where ${asked.length} were asked`);
  } catch (error) {
    if (asked.length === 1) return [error instanceof Error ? error : new Error(String(error))];
    // One series that it cannot bear must not cost the others their answer.
    const single: Result[] = [];
    for (const one of asked) single.push(...(await forecastAll(predictor, batch, [one], signal)));
    return single;
  }
}

function attempt(ask: () => Prediction | NotReady): Result {
  try {
    return ask();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function toAnswer(result: Result | undefined): NonNullable<Answer['answer']> {
  if (result === NOT_READY) return { case: 'notReady', value: {} };
  if (result instanceof Error) return { case: 'error', value: { message: result.message } };
  if (!(result?.quantiles instanceof Float64Array)) return { case: 'error', value: { message: 'its answer holds no quantiles' } };
  return { case: 'prediction', value: { quantiles: Array.from(result.quantiles), note: result.note ?? '' } };
}

/** Puts the pieces of each series together again. */
async function gather(
  requests: AsyncIterable<MessageShape<typeof TrainRequestSchema>>,
): Promise<{ instance: string; history: TrainingSeries[] }> {
  let instance = '';
  const byId = new Map<string, { series: TrainingSeries['series']; observations: Observation[] }>();
  for await (const request of requests) {
    instance ||= request.instance;
    if (request.info === undefined) continue;
    const one = byId.get(request.info.id) ?? { series: fromSeries(request.info), observations: [] };
    byId.set(request.info.id, one);
    for (const observation of fromObservations(request.observations)) one.observations.push(observation);
  }
  return { instance, history: [...byId.values()] };
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
