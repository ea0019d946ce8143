import { definePredictor, type TrainingSeries } from '@auspex/contracts';
import { readArtifact } from './artifact.ts';
import { treesConfig } from './config.ts';
import { forecast } from './forecast.ts';
import { addStep } from './history.ts';
import type { SeriesModel } from './model.ts';
import { type PackedSeries, packSeries } from './packed.ts';
import { beginState, decodeState, encodeState, type TreesState } from './state.ts';
import { trainInThread } from './thread.ts';

/**
 * Predicts by gradient-boosted trees, one sum of trees a quantile, each series by itself. What a straight line cannot say it can: bursts
 * at the half-hour, tails that depend on what was seen just now. Answers once it has been trained.
 */
export const boostedTrees = definePredictor({
  id: 'boosted-trees',
  summary: 'Gradient-boosted quantile trees over recent, daily and weekly values.',
  config: treesConfig,
  capabilities: { batch: false, trains: true },
  create(options, { random, logger }) {
    let models: ReadonlyMap<string, SeriesModel> = new Map();
    return {
      begin: beginState,
      observe(state: TreesState, observation) {
        addStep(state.history, observation);
        return state;
      },
      forecast: (state, request) => forecast(state, models.get(state.id), request),
      async train(history: readonly TrainingSeries[], signal) {
        const packed = busiest(history.map(packSeries), options.maxSeries);
        if (signal.aborted) return undefined;
        const seed = Math.floor(random.fork('boosted-trees/train').next() * 2 ** 32);
        try {
          const artifact = await trainInThread({ history: packed, options, seed }, signal);
          const said = artifact ? 'boosted-trees: trained' : 'boosted-trees: too little was observed';
          logger.info({ series: packed.length, bytes: artifact?.length ?? 0 }, said);
          return artifact;
        } catch (error) {
          if (signal.aborted) return undefined;
          throw error;
        }
      },
      use(artifact) {
        models = readArtifact(artifact);
      },
      encode: encodeState,
      decode: (bytes, info) => decodeState(bytes, info),
    };
  },
});

/** Those with the highest mean rate, in the order in which they were given. */
function busiest(history: readonly PackedSeries[], most: number): readonly PackedSeries[] {
  if (history.length <= most) return history;
  const total = new Map(history.map((series) => [series, series.values.reduce((sum, value) => sum + value, 0)]));
  const chosen = new Set([...history].sort((a, b) => (total.get(b) as number) - (total.get(a) as number)).slice(0, most));
  return history.filter((series) => chosen.has(series));
}
