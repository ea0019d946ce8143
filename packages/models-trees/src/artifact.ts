import { crc32 } from 'node:zlib';
import { AuspexError } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import type { Ensemble } from './boost/fit.ts';
import type { Tree } from './boost/tree.ts';
import { INPUTS } from './features.ts';
import { LEVELS, type SeriesModel } from './model.ts';

/** Of the inputs and the layout: trees over other inputs mean nothing. */
const VERSION = 1;

interface Wire {
  readonly kind: string;
  readonly version: number;
  readonly checksum: number;
  readonly body: Uint8Array;
}

/** The bytes of trained models. */
export function writeArtifact(models: readonly SeriesModel[]): Uint8Array {
  const body = pack(models);
  return pack({ kind: 'boosted-trees', version: VERSION, checksum: crc32(body), body } satisfies Wire);
}

/** @throws AuspexError `STATE_UNREADABLE` on bytes that `writeArtifact` did not write, or that were changed since */
export function readArtifact(bytes: Uint8Array): ReadonlyMap<string, SeriesModel> {
  try {
    const { kind, version, checksum, body } = unpack<Wire>(bytes);
    if (kind !== 'boosted-trees' || version !== VERSION) throw new TypeError(`${kind} of version ${version}, not ${VERSION}`);
    if (checksum !== crc32(body)) throw new TypeError('the checksum does not match');
    const models = unpack<SeriesModel[]>(body);
    for (const model of models) check(model);
    return new Map(models.map((model) => [model.id, model]));
  } catch (cause) {
    throw new AuspexError('STATE_UNREADABLE', `the weights of boosted-trees cannot be used: ${(cause as Error).message}`, { cause });
  }
}

function check({ id, stepMs, ahead, scale, quantiles }: SeriesModel): void {
  const numbers = [stepMs, ahead, scale.offset].every((value) => Number.isFinite(value) && value > 0);
  if (typeof id !== 'string' || !numbers || quantiles.length !== LEVELS.length) throw new TypeError('a model is not whole');
  for (const { start, trees } of quantiles as readonly Ensemble[]) {
    if (!Number.isFinite(start)) throw new TypeError('a start is no number');
    for (const tree of trees) checkTree(tree);
  }
}

function checkTree({ input, threshold, left, right, leaves }: Tree): void {
  const nodes = input.length;
  const whole = threshold.length === nodes && left.length === nodes && right.length === nodes && leaves.length === nodes + 1;
  const inside = (target: number, node: number): boolean => (target < 0 ? -target <= leaves.length : target > node && target < nodes);
  const walks = left.every((target, node) => inside(target, node)) && right.every((target, node) => inside(target, node));
  if (!whole || !walks || !input.every((index) => index < INPUTS) || !leaves.every(Number.isFinite))
    throw new TypeError('a tree is not whole');
}
