import { z } from 'zod';

/** Options of the predictor `boosted-trees`. */
export const treesConfig = z
  .strictObject({
    trees: z.int().min(1).max(1_000).default(100).describe('Trees of each quantile. Default 100.'),
    leaves: z.int().min(2).max(127).default(15).describe('Most leaves of a tree. Default 15.'),
    learningRate: z.number().gt(0).lte(1).default(0.1).describe('Share of what a tree has found that is added. Default 0.1.'),
    maxRows: z
      .int()
      .min(1_000)
      .max(1_000_000)
      .default(40_000)
      .describe('Most rows that a training learns from, of each series: the time that it takes is in proportion. Default 40000.'),
    fewestSteps: z
      .int()
      .min(200)
      .default(4_000)
      .describe(
        'Observed steps below which a series is not trained on: on less, the regression of `seasonal` is better. Where it is less, what three weeks hold, at least 1000. Default 4000.',
      ),
    maxSeries: z.int().min(1).default(50).describe('Most series that are trained, the busiest first. Default 50.'),
  })
  .describe('Gradient-boosted quantile trees over recent, daily and weekly values.');

export type TreesOptions = z.output<typeof treesConfig>;
