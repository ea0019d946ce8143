import type { Observation, SeriesInfo } from '@auspex/contracts';
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type ObservationsSchema,
  type SeriesInfoSchema,
  Truth,
  type Observations as WireObservations,
  type SeriesInfo as WireSeriesInfo,
} from '../gen/auspex/v1/auspex_pb.ts';
import { toInt } from './numbers.ts';

const TRUTHS = { observed: Truth.OBSERVED, censored: Truth.CENSORED, masked: Truth.MASKED, missing: Truth.MISSING } as const;
const NAMES = ['missing', 'observed', 'censored', 'masked', 'missing'] as const;

export function toSeries(info: SeriesInfo): MessageInitShape<typeof SeriesInfoSchema> {
  return { ...info, stepMs: toInt(info.stepMs) };
}

export function fromSeries(info: WireSeriesInfo): SeriesInfo {
  const { id, scope, name, pop, measure, zone } = info;
  return {
    id,
    scope: scope as SeriesInfo['scope'],
    name,
    pop,
    measure: measure as SeriesInfo['measure'],
    zone,
    stepMs: Number(info.stepMs),
  };
}

export function toObservations(observations: readonly Observation[]): MessageInitShape<typeof ObservationsSchema> {
  return {
    steps: observations.map(({ step }) => toInt(step)),
    values: observations.map(({ value }) => value),
    truths: observations.map(({ truth }) => TRUTHS[truth]),
  };
}

/** @throws RangeError for columns of different lengths */
export function fromObservations(columns: WireObservations | undefined): Observation[] {
  const { steps, values, truths } = columns ?? { steps: [], values: [], truths: [] };
  if (steps.length !== values.length || steps.length !== truths.length) throw new RangeError('columns of different lengths');
  return steps.map((step, i) => ({
    step: Number(step),
    value: values[i] as number,
    // A truth of a later version is nothing to learn from.
    truth: NAMES[truths[i] as number] ?? 'missing',
  }));
}
