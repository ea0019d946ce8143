import { z } from 'zod';

/** Options of the detector `residual`. */
export const residualConfig = z
  .strictObject({
    scales: z
      .array(z.int().min(1).max(1440))
      .min(1)
      .max(8)
      .default([1, 5, 15, 60])
      .describe('Steps over which deviations are averaged: short ones find what is sharp, long ones what lasts.'),
    memory: z
      .int()
      .min(500)
      .default(20_000)
      .describe('Steps whose deviations it is measured by: with so many of them all count half. Default 20000.'),
    fill: z.int().min(20).default(120).describe('First steps, whose deviations are learnt and have no score. Default 120.'),
  })
  .describe('Deviation from the forecast, over several time scales.');

export type ResidualOptions = z.output<typeof residualConfig>;
