import { z } from 'zod';

/** Hours of a week. */
export const HOURS = 168;

/** What is counted by key, in the order of `State.tallies`. */
export const TALLIES = ['resources', 'features', 'countries', 'accessLevels', 'pops'] as const;

/** What is known of one group. The engine keeps it: data, of at most four kilobytes when it is encoded. */
export interface State {
  readonly group: string;
  readonly zone: string;
  readonly stepMs: number;
  steps: number;
  /** Start of the last step that was folded, epoch ms; -1 = none. */
  last: number;
  /** Requests a second by hour of the local week, and how many steps stand behind each. As exact as they are written. */
  readonly rates: Float32Array;
  readonly weights: Float32Array;
  readonly tallies: Map<string, number>[];
}

const floats = z.string().transform((text, context) => {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 4 * HOURS) return new Float32Array(new Uint8Array(bytes).buffer);
  context.addIssue({ code: 'custom', message: `${bytes.length} bytes for ${HOURS} numbers` });
  return z.NEVER;
});

/** The state as it is written. Another `v` when it changes: states of before are then refused, and no nonsense. */
const stored = z.strictObject({
  v: z.literal(1),
  group: z.string(),
  zone: z.string(),
  stepMs: z.number().positive(),
  steps: z.int().nonnegative(),
  last: z.number(),
  rates: floats,
  weights: floats,
  tallies: z.array(z.array(z.tuple([z.string(), z.number()]))).length(TALLIES.length),
});

export function encode({ rates, weights, tallies, ...rest }: State): Uint8Array {
  const base64 = ({ buffer }: Float32Array): string => Buffer.from(buffer as ArrayBuffer).toString('base64');
  const written = { v: 1, ...rest, rates: base64(rates), weights: base64(weights), tallies: tallies.map((counts) => [...counts]) };
  return new TextEncoder().encode(JSON.stringify(written));
}

/** It MUST throw on bytes that it did not write: the profile then begins anew. */
export function decode(bytes: Uint8Array): State {
  const { v: _, tallies, ...rest } = stored.parse(JSON.parse(new TextDecoder().decode(bytes)));
  return { ...rest, tallies: tallies.map((counts) => new Map(counts)) };
}
