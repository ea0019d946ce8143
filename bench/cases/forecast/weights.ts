import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Predictor, TrainingSeries } from '../../../packages/contracts/src/index.ts';

/** What a kept training says: its CPU milliseconds, and its weights in base64; null = it found none. */
interface Kept {
  readonly cpuMs: number;
  readonly artifact: string | null;
}

/**
 * Makes a predictor's trainings once, whatever ensemble it stands in: the same history, options and weights before give the same weights. They
 * are kept in `folder`, which has to be emptied when the code changes.
 *
 * @param name of the predictor with its options
 * @param spent told the CPU milliseconds that a kept training took when it was made
 */
export function keepWeights(predictor: Predictor, name: string, folder: string, spent: (cpuMs: number) => void): Predictor {
  mkdirSync(folder, { recursive: true });
  let before = '';
  const train = async (history: readonly TrainingSeries[], signal: AbortSignal): Promise<Uint8Array | undefined> => {
    const file = path.join(folder, hashOf(name, before, history));
    let kept: Kept;
    if (existsSync(file)) {
      kept = JSON.parse(readFileSync(file, 'utf8')) as Kept;
      spent(kept.cpuMs);
    } else {
      const begin = process.cpuUsage();
      const artifact = await predictor.train?.(history, signal);
      const { user, system } = process.cpuUsage(begin);
      kept = { cpuMs: (user + system) / 1_000, artifact: artifact ? Buffer.from(artifact).toString('base64') : null };
      writeFileSync(`${file}.${process.pid}`, JSON.stringify(kept));
      renameSync(`${file}.${process.pid}`, file);
    }
    if (kept.artifact === null) return undefined;
    before = kept.artifact;
    return Uint8Array.from(Buffer.from(kept.artifact, 'base64'));
  };
  return new Proxy(predictor, { get: (target, key) => (key === 'train' ? train : Reflect.get(target, key)) });
}

function hashOf(name: string, before: string, history: readonly TrainingSeries[]): string {
  const hash = createHash('sha256').update(`${name}\n${before}\n`);
  for (const { series, observations } of history) {
    const numbers: number[] = [];
    for (const { step, value } of observations) numbers.push(step, value);
    hash.update(JSON.stringify(series)).update(Float64Array.from(numbers));
  }
  return hash.digest('hex').slice(0, 32);
}
