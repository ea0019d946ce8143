import { z } from 'zod';
import { marksOption, targetOptions } from '../target/index.ts';
import { parseRate } from './rate.ts';

const pool = z.strictObject({
  dev: z
    .string()
    .regex(/^[\w.:@-]{1,15}$/, 'is the name of a device: eth0')
    .describe('Network device whose class it is.'),
  classid: z
    .string()
    .regex(/^[0-9a-f]{1,4}:[0-9a-f]{1,4}$/i, 'is major:minor, in hexadecimal digits: 1:10')
    .transform((id) => id.toLowerCase())
    .describe('Class of an HTB queueing discipline that is there: 1:10.'),
  unit: z
    .string()
    .refine((text) => (parseRate(text) ?? 0) >= 1_000, 'is a rate of at least 1kbit: 10mbit')
    .describe('Rate of one unit, in bits a second: 10mbit, 500kbit, 1gbit.'),
  ceil: z
    .enum(['follow', 'keep'])
    .default('follow')
    .describe(
      'The ceil of the class: the rate, so that it borrows nothing; or kept as it is, and raised where the rate is higher. Default follow.',
    ),
  words: z
    .array(z.string().regex(/^[\w.]+$/))
    .default([])
    .describe('Further words of `tc class change`: ["burst", "15k"]. What is not given tc computes anew. Default none.'),
});

export type ClassPool = z.output<typeof pool>;

/** Options of the `traffic-control` actuator. */
export const trafficControlConfig = z.strictObject({
  pools: z
    .record(z.string().min(1), pool)
    .refine((pools) => Object.keys(pools).length > 0, 'names no pool')
    .refine(
      (pools) => new Set(Object.values(pools).map(({ dev, classid }) => `${dev} ${classid}`)).size === Object.keys(pools).length,
      'two pools share a class',
    )
    .describe('What each pool is, by its name: {"uplink": {"dev": "eth0", "classid": "1:10", "unit": "10mbit"}}.'),
  command: z
    .array(z.string().min(1))
    .min(1)
    .default(['tc'])
    .describe('How tc is called: ["sudo", "-n", "tc"], ["ip", "netns", "exec", "blue", "tc"]. Default tc.'),
  ...targetOptions,
  ...marksOption,
});

export type TrafficControlOptions = z.output<typeof trafficControlConfig>;
