import { AuspexError, type Logger, type UsageEvent } from '@auspex/contracts';
import { eventReader } from '../ndjson/index.ts';
import type { Series } from './client.ts';
import type { PrometheusOptions } from './config.ts';

/** One step of the answer. */
export interface Step {
  /** Its end, epoch ms: the time at which Prometheus evaluates a range that covers it. */
  readonly end: number;
  /** Undefined: nothing is known of it. */
  readonly events: UsageEvent[] | undefined;
}

type Made = UsageEvent | string;

/** Series whose values were no numbers, shown in the log. */
const SHOWN = 5;

/** Makes steps of the series that a range query gave. */
export class StepReader {
  readonly #options: PrometheusOptions;
  readonly #logger: Logger;
  readonly #toEvent: (record: unknown) => Made;
  #shown = 0;

  constructor(options: PrometheusOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
    this.#toEvent = eventReader({ fields: {}, zone: undefined, unit: 'ms' });
  }

  /**
   * The steps that end in [from, to], in order, whether Prometheus knows them or not. A step of which no series has a value is
   * unknown; so is one in which a value is no amount (NaN, infinite, negative): what cannot be told is not zero. A series without
   * a value where others have one has none: its group was not there.
   *
   * @throws AuspexError SOURCE_FAILED for too many series, SOURCE_COLUMN_MISSING when no series has a named label
   */
  *read(series: readonly Series[], from: number, to: number): Generator<Step> {
    const { step, maxSeries } = this.#options;
    if (series.length > maxSeries) {
      throw new AuspexError('SOURCE_FAILED', `the query gives ${series.length} series, more than ${maxSeries}`, {
        path: 'prometheus.query',
        remedy: 'Sum over what is no group, as in sum by (tenant) (…), or raise maxSeries.',
      });
    }
    this.#mustHaveLabels(series);
    const at = new Array<number>(series.length).fill(0);
    for (let end = from; end <= to; end += step) {
      const events: UsageEvent[] = [];
      let known = false;
      let broken = false;
      for (const [i, { metric, values }] of series.entries()) {
        let n = at[i] as number;
        while (n < values.length && Math.round((values[n]?.[0] as number) * 1000) < end) n++;
        at[i] = n;
        const sample = values[n];
        if (sample === undefined || Math.round(sample[0] * 1000) !== end) continue;
        known = true;
        const event = this.#event(metric, Number(sample[1]), end);
        if (typeof event === 'string') {
          broken = true;
          this.#unusable(metric, sample[1], end, event);
        } else {
          events.push(event);
        }
      }
      yield { end, events: known && !broken ? events : undefined };
    }
  }

  #event(metric: Readonly<Record<string, string>>, value: number, end: number): Made {
    const { values, labels, step, groupName } = this.#options;
    if (!Number.isFinite(value) || value < 0) return 'it is no amount';
    const record: Record<string, unknown> = {
      // In the last millisecond of the step, so that the source can vouch for all before the end of the next one.
      at: end - 1,
      count: values === 'rate' ? value * (step / 1000) : value,
      ...(labels.group === undefined && { group: groupName }),
    };
    for (const [property, label] of Object.entries(labels)) if (label !== undefined) record[property] = metric[label];
    return this.#toEvent(record);
  }

  #unusable(metric: Readonly<Record<string, string>>, value: string, end: number, reason: string): void {
    if (this.#shown >= SHOWN) return;
    this.#shown++;
    this.#logger.warn(
      { labels: metric, value, at: new Date(end).toISOString(), reason },
      'a value cannot be counted: its step is taken for missing, of all groups (filter it out in the query, as with >= 0)',
    );
  }

  #mustHaveLabels(series: readonly Series[]): void {
    if (series.length === 0) return;
    for (const [property, label] of Object.entries(this.#options.labels)) {
      if (label === undefined || series.some(({ metric }) => Object.hasOwn(metric, label))) continue;
      const has = [...new Set(series.flatMap(({ metric }) => Object.keys(metric)))].slice(0, 20).join(', ') || 'none';
      throw new AuspexError('SOURCE_COLUMN_MISSING', `the result has no label "${label}"; it has: ${has}`, {
        path: `prometheus.labels.${property}`,
        remedy: `Keep the label in the query, as in sum by (${label}) (…), or name another.`,
      });
    }
  }
}
