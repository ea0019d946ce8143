import { AuspexError, type PluginContext, type Source, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import { PrometheusClient } from './client.ts';
import type { PrometheusOptions } from './config.ts';
import { Retry } from './retry.ts';
import { type Step, StepReader } from './steps.ts';

const PARTITION = 'prometheus';

/** Asks a Prometheus for its past, then for each new step. One partition; its position is the end of the last step read, epoch ms. */
export class PrometheusSource implements Source {
  readonly #options: PrometheusOptions;
  readonly #context: PluginContext;

  constructor(options: PrometheusOptions, context: PluginContext) {
    this.#options = options;
    this.#context = context;
  }

  async *open(from: Readonly<Record<string, string>>, signal: AbortSignal): AsyncGenerator<SourceBatch> {
    const { step, history, lag, live, points } = this.#options;
    const { clock, logger } = this.#context;
    const client = new PrometheusClient(this.#options);
    const reader = new StepReader(this.#options, logger);
    const retry = new Retry(this.#options.patience, this.#context);
    const complete = () => floor(clock.now() - lag, step);
    const last = live ? Number.POSITIVE_INFINITY : complete();
    let done = positionOf(from[PARTITION], step) ?? floor(clock.now() - lag - history, step);
    try {
      while (!signal.aborted && done < last) {
        const to = Math.min(complete(), last, done + points * step);
        if (to > done) {
          const first = done + step;
          const series = await retry.run(() => client.range(first, to, signal), signal);
          for (const batch of this.#batches(reader.read(series, first, to))) {
            if (signal.aborted) return;
            yield batch;
          }
          done = to;
        } else {
          await clock.sleep(done + step + lag - clock.now(), signal);
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    if (!signal.aborted) yield { partition: PARTITION, events: [], position: String(done), watermark: done, end: true };
  }

  /** Whole steps, as many as fill a batch: a position is the end of a step. */
  *#batches(steps: Iterable<Step>): Generator<SourceBatch> {
    const { batch, step } = this.#options;
    let events: UsageEvent[] = [];
    let gaps: { from: number; to: number }[] = [];
    let end = 0;
    const taken = (): SourceBatch => {
      // All that comes after lies in the last millisecond of the next step or later.
      const made = { partition: PARTITION, events, position: String(end), watermark: end + step - 1, ...(gaps.length > 0 && { gaps }) };
      events = [];
      gaps = [];
      return made;
    };
    for (const one of steps) {
      if (events.length > 0 && events.length + (one.events?.length ?? 0) > batch) yield taken();
      end = one.end;
      if (one.events) {
        events.push(...one.events);
      } else {
        const before = gaps.at(-1);
        if (before?.to === end - step) before.to = end;
        else gaps.push({ from: end - step, to: end });
      }
    }
    if (end > 0) yield taken();
  }
}

function floor(at: number, step: number): number {
  return Math.floor(at / step) * step;
}

function positionOf(text: string | undefined, step: number): number | undefined {
  if (text === undefined) return undefined;
  const end = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(end)) return floor(end, step);
  throw new AuspexError('SOURCE_POSITION_LOST', `the checkpoint holds no position of this source: ${text.slice(0, 80)}`, {
    path: PARTITION,
  });
}
