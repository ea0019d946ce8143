import { z } from 'zod';

/** Options of the detector `shape`. */
export const shapeConfig = z
  .strictObject({
    context: z
      .int()
      .min(2)
      .max(1000)
      .default(36)
      .describe('Steps that are the recent past: their highest value, how much they vary. Default 36.'),
    bank: z
      .int()
      .min(20)
      .max(2000)
      .default(300)
      .describe('Points that stand for all that was seen, in each of five views; when there are more they are thinned. Default 300.'),
    fill: z
      .int()
      .min(0)
      .default(100)
      .describe('First steps, in which all is new: what is new in them is not taken for usual. Default 100.'),
    day: z
      .number()
      .min(0)
      .default(0.5)
      .describe(
        'A whole day around the clock counts like a difference of so many mean deviations of the value; 0 = the time of day does not count. Default 0.5.',
      ),
    spend: z
      .number()
      .min(0)
      .default(0.3)
      .describe('By so many decimals tenfold history raises the bar: alarms get rarer. 0 = never. Default 0.3.'),
    rest: z
      .number()
      .positive()
      .default(60)
      .describe('Steps in which the last peak is half forgotten: what is less new than that is held back meanwhile. Default 60.'),
  })
  .describe('Novelty of the recent shape of the series.');

export type ShapeOptions = z.output<typeof shapeConfig>;
