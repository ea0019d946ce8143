import {
  type Answers,
  AuspexError,
  type ForecastRequest,
  NOT_READY,
  type NotReady,
  type Observation,
  type PluginContext,
  type Prediction,
  type Predictor,
  type TrainingSeries,
} from '@auspex/contracts';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type SeriesAnswer, type SeriesQuestionSchema, Predictor as Service, type TrainRequestSchema } from '../gen/auspex/v1/auspex_pb.ts';
import { toInt } from '../wire/numbers.ts';
import { toObservations, toSeries } from '../wire/series.ts';
import { type Live, Session, type SessionOptions } from './session.ts';
import { beginState, decodeState, encodeState, observeState, type RemoteState } from './state.ts';
import { QUARANTINE, Suspects } from './suspects.ts';
import { untilAborted } from './until.ts';

/** What a remote predictor is told beyond its session. */
export interface RemotePredictorOptions extends SessionOptions {
  /** Series a call. */
  readonly batch: number;
  /** How long training may take, ms. */
  readonly trainLimit: number;
}

/** State bytes in one call: well below the longest message. */
const CALL_BYTES = 16 * 2 ** 20;
/** Observations in one message of training: a few milliseconds of work. */
const PIECE = 10_000;

interface Asked {
  readonly index: number;
  readonly id: string;
  readonly state: RemoteState;
  readonly request: ForecastRequest;
}

/** A predictor that runs elsewhere. The series' states are kept here, as bytes, so its process may end at any time. */
export class RemotePredictor implements Predictor<RemoteState> {
  readonly #options: RemotePredictorOptions;
  readonly #context: PluginContext;
  readonly #session: Session;
  readonly #suspects: Suspects;
  #artifact: Uint8Array | undefined;
  /** The artifact that each running instance has in service. */
  readonly #inService = new WeakMap<Live, Uint8Array | undefined>();

  constructor(options: RemotePredictorOptions, context: PluginContext) {
    this.#options = options;
    this.#context = context;
    this.#session = new Session(options, context);
    this.#suspects = new Suspects(context.clock);
  }

  begin = beginState;
  observe = observeState;
  encode = encodeState;
  decode = decodeState;

  forecast(): never {
    throw new AuspexError('SUPPORT', 'a plugin in a process of its own cannot answer at once', {
      path: this.#session.who,
      remedy: 'Ask by forecastBatch, as the engine does for the capability batch.',
    });
  }

  /**
   * One answer a series. What fails for one series, or for the series of one call, is said in their answers: no quantiles, and
   * a note with the reason.
   *
   * @throws AuspexError when no call succeeded
   */
  async forecastBatch(states: readonly RemoteState[], requests: readonly ForecastRequest[], signal: AbortSignal): Promise<Answers> {
    const answers = new Array<Prediction | NotReady>(states.length);
    const asked: Asked[] = [];
    states.forEach((state, index) => {
      const { id } = state.info;
      if (this.#suspects.quarantined(id)) answers[index] = nothing(`${this.#session.who} crashed on this series: not asked for a while`);
      else asked.push({ index, id, state, request: requests[index] as ForecastRequest });
    });
    const { innocent, groups } = this.#suspects.split(asked);
    let succeeded = 0;
    let failure: unknown;
    for (const chunk of [innocent, ...groups].flatMap((group) => this.#chunks(group))) {
      try {
        await untilAborted(this.#ask(chunk, answers, signal), signal);
        succeeded++;
      } catch (error) {
        signal.throwIfAborted();
        failure ??= error;
        for (const { index } of chunk) answers[index] = nothing((error as Error).message);
      }
    }
    if (succeeded === 0 && failure !== undefined) throw failure;
    return answers;
  }

  #chunks(asked: readonly Asked[]): Asked[][] {
    const chunks: Asked[][] = [];
    let bytes = 0;
    for (const one of asked) {
      const size = (one.state.bytes?.length ?? 0) + 24 * one.state.pending.length;
      const last = chunks.at(-1);
      if (last === undefined || last.length >= this.#options.batch || bytes + size > CALL_BYTES) {
        chunks.push([one]);
        bytes = size;
      } else {
        last.push(one);
        bytes += size;
      }
    }
    return chunks;
  }

  async #ask(chunk: readonly Asked[], answers: (Prediction | NotReady)[], signal: AbortSignal): Promise<void> {
    const ids = chunk.map(({ id }) => id);
    const counts = chunk.map(({ state }) => state.pending.length);
    const { series } = await this.#session.knowing(
      () => this.#ready(this.#session),
      async (live) => {
        const questions = { instance: live.instance, series: chunk.map(toQuestion) };
        try {
          return await this.#session.unary(live, Service.method.forecast, questions, { signal });
        } catch (error) {
          // Only here: a crash while it started is not the doing of any series.
          if (error instanceof AuspexError && error.code === 'PLUGIN_CRASHED' && !signal.aborted) this.#suspect(ids, error);
          throw error;
        }
      },
    );
    if (series.length !== chunk.length) {
      throw new AuspexError('PLUGIN_FAILED', `answered ${series.length} series where ${chunk.length} were asked`, {
        path: this.#session.who,
        remedy: 'Answer each series, in the order asked.',
      });
    }
    this.#suspects.cleared(ids);
    chunk.forEach(({ index, state }, i) => {
      answers[index] = this.#accept(state, series[i] as SeriesAnswer, counts[i] as number);
    });
  }

  #suspect(ids: readonly string[], error: AuspexError): void {
    const found = this.#suspects.crashed(ids);
    if (found === undefined) return;
    const minutes = QUARANTINE / 60_000;
    this.#context.logger.warn(
      { plugin: this.#session.who, series: found },
      `${this.#session.who} crashes on the series ${found}: it is not asked for ${minutes} minutes. ${error.message}`,
    );
  }

  #accept(state: RemoteState, { state: bytes, answer }: SeriesAnswer, count: number): Prediction | NotReady {
    // A copy: what was parsed is a view of the whole answer, which would be kept with it.
    if (bytes !== undefined && count === state.pending.length) state.ahead = { bytes: Uint8Array.from(bytes), count };
    switch (answer.case) {
      case 'prediction': {
        const { quantiles, note } = answer.value;
        return { quantiles: Float64Array.from(quantiles), ...(note === '' ? {} : { note }) };
      }
      case 'notReady':
        return NOT_READY;
      case 'error': {
        const { message, stateUnreadable } = answer.value;
        if (stateUnreadable) this.#restartSeries(state, message);
        return nothing(message);
      }
      default:
        return nothing(`${this.#session.who} gave no answer for this series`);
    }
  }

  #restartSeries(state: RemoteState, message: string): void {
    state.bytes = undefined;
    state.ahead = undefined;
    state.lost = 0;
    const { who } = this.#session;
    const { id } = state.info;
    this.#context.logger.warn({ plugin: who, series: id }, `${who} refuses its state of ${id}: ${message}; it begins again from nothing`);
  }

  /** An instance with the present weights in service. */
  async #ready(session: Session): Promise<Live> {
    const live = await session.ready();
    const artifact = this.#artifact;
    if (artifact === undefined || this.#inService.get(live) === artifact) return live;
    const limit = this.#options.startLimit;
    try {
      await session.unary(live, Service.method.use, { instance: live.instance, artifact }, { limit });
      this.#inService.set(live, artifact);
    } catch (error) {
      if (!(error instanceof AuspexError) || error.code === 'PLUGIN_CRASHED') throw error;
      const old = this.#inService.get(live);
      if (this.#artifact === artifact) this.#artifact = old;
      this.#context.logger.warn({ plugin: session.who }, `${session.who} refuses these weights, the old ones stay: ${error.message}`);
    }
    return live;
  }

  /** In a process of its own, where we start it: forecasts go on meanwhile, and what training costs is not theirs. */
  async train(history: readonly TrainingSeries[], signal: AbortSignal): Promise<Uint8Array | undefined> {
    const ours = 'process' in this.#options.target;
    const session = ours ? new Session(this.#options, this.#context) : this.#session;
    try {
      const live = await this.#ready(session);
      const { artifact } = await session.upload(live, Service.method.train, pieces(live.instance, history), {
        signal,
        limit: this.#options.trainLimit,
      });
      return artifact === undefined ? undefined : Uint8Array.from(artifact);
    } finally {
      if (ours) await session.close();
    }
  }

  /** Noted at once, sent before the next forecast, and sent again to each process started later. One that is refused is logged. */
  use(artifact: Uint8Array): void {
    this.#artifact = Uint8Array.from(artifact);
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

function toQuestion({ state, request }: Asked): MessageInitShape<typeof SeriesQuestionSchema> {
  const { info, bytes, pending, lost } = state;
  return {
    info: toSeries(info),
    ...(bytes === undefined ? {} : { state: bytes }),
    observations: toObservations(pending),
    lost: BigInt(lost),
    origin: toInt(request.origin),
    horizon: [...request.horizon],
    levels: [...request.levels],
  };
}

function* pieces(instance: string, history: readonly TrainingSeries[]): Generator<MessageInitShape<typeof TrainRequestSchema>> {
  yield { instance };
  for (const { series, observations } of history) {
    const info = toSeries(series);
    let piece: Observation[] = [];
    for (const observation of observations) {
      if (piece.push(observation) < PIECE) continue;
      yield { instance, info, observations: toObservations(piece) };
      piece = [];
    }
    // The last, and of a series without a step the only one.
    yield { instance, info, observations: toObservations(piece) };
  }
}

/** The answer for a series that got none: the engine refuses it for that series alone. */
function nothing(note: string): Prediction {
  return { quantiles: new Float64Array(0), note };
}
