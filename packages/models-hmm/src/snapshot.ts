import { pack, unpack } from '@auspex/numerics';
import { checkModel, type Model } from './model.ts';

const FORMAT = 'auspex hidden Markov model';
const VERSION = 1;

/** A model as bytes: MessagePack with its format and version. `decodeModel` reads it back, exactly. @throws RangeError on a broken model */
export function encodeModel(model: Model): Uint8Array {
  return pack({ format: FORMAT, version: VERSION, model: checkModel(model) });
}

/**
 * Reads what `encodeModel` wrote.
 *
 * @throws Error on other bytes and on an unknown version
 * @throws RangeError that names the part: a wrong shape, or numbers that are none
 */
export function decodeModel(bytes: Uint8Array): Model {
  const plain = read(bytes);
  if (plain.format !== FORMAT) throw new Error('this is no encoded hidden Markov model');
  if (plain.version !== VERSION) throw new Error(`an encoded model of version ${String(plain.version)} is not known, only ${VERSION}`);
  const { model } = plain;
  if (!isObject(model) || !isObject(model['emission'])) throw new RangeError('the encoded model has no emission');
  if (model['durations'] !== undefined && !isObject(model['durations']))
    throw new RangeError('the durations of the encoded model are none');
  return checkModel(model as unknown as Model);
}

function read(bytes: Uint8Array): { format?: unknown; version?: unknown; model?: unknown } {
  let plain: unknown;
  try {
    plain = unpack<unknown>(bytes);
  } catch (cause) {
    throw new Error('this is no encoded hidden Markov model', { cause });
  }
  return isObject(plain) ? plain : {};
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
