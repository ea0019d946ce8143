import { pack, unpack } from '@auspex/numerics';
import { z } from 'zod';
import type { SensitivityState } from './learn.ts';

const FORMAT = 1;
const known = z.strictObject({
  came: z.number(),
  said: z.number().gte(0),
  day: z.int(),
  dayCame: z.number(),
  daySaid: z.number().gte(0),
});
const stored = z.strictObject({ v: z.literal(FORMAT), groups: z.array(z.tuple([z.string(), known])) });

export function encodeSensitivity(state: SensitivityState): Uint8Array {
  return pack({ v: FORMAT, groups: [...state] });
}

/** @throws on bytes that `encodeSensitivity` did not write */
export function decodeSensitivity(bytes: Uint8Array): SensitivityState {
  return new Map(stored.parse(unpack(bytes)).groups);
}
