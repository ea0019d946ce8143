import type { Store, StoreWrite } from '@auspex/contracts';
import type { Training } from '../cycle/training.ts';
import type { Trainable } from '../cycle/training-run.ts';
import { atOnce } from '../stages/answer.ts';
import { KEYS } from './keys.ts';
import { readSnapshot } from './snapshot.ts';

/** One version of a predictor's weights. */
interface Version {
  readonly key: string;
  /** The step at which its training began, epoch ms. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** What came back, and what did not. */
export interface RestoredArtifacts {
  /** Which weights were refused, why, and what is used instead; in words. */
  readonly problems: readonly string[];
  /** Gives weights of older versions of Auspex the key of today, and drops those of predictors that the config has no longer. */
  readonly writes: readonly StoreWrite[];
  /** Predictors that have weights in the store and accept none. */
  readonly without: readonly string[];
}

/** Weights in the store: of each predictor the newest and those that they took over from, which serve when the newest cannot be read. */
export class Artifacts {
  /** Keys that the store has, or will have with the next batch, by predictor. */
  readonly #stored = new Map<string, Set<string>>();
  /** The key of what is in service, by predictor. */
  readonly #serving = new Map<string, string>();

  /** New weights, as writes of one batch: with them the one before stays, and every other goes. */
  keep(name: string, at: number, artifact: Uint8Array): StoreWrite[] {
    const key = KEYS.artifact(name, at);
    const before = this.#serving.get(name);
    const old = [...(this.#stored.get(name) ?? [])].filter((each) => each !== key && each !== before);
    this.#stored.set(name, new Set(before === undefined ? [key] : [before, key]));
    this.#serving.set(name, key);
    return [...old.map((each): StoreWrite => ({ type: 'delete', key: each })), { type: 'put', key, value: artifact }];
  }

  /** Puts the newest weights that each predictor accepts into service. */
  async restore(store: Store, training: Training): Promise<RestoredArtifacts> {
    const [problems, writes, without]: [string[], StoreWrite[], string[]] = [[], await orphans(store, training), []];
    for (const trainable of training.trainable) {
      const versions = await this.#read(store, trainable, writes);
      const refused: string[] = [];
      const served = versions.findLast(({ key, bytes }) => {
        try {
          // A copy: the bytes are the store's, which may hand them out again.
          atOnce(trainable.predictor.use?.(Uint8Array.from(bytes)), 'use');
          return true;
        } catch (error) {
          refused.push(`the weights of ${trainable.name} could not be read (${key}: ${(error as Error).message})`);
          return false;
        }
      });
      const instead = served
        ? `those before them serve (${served.key})`
        : 'it forecasts without weights until the next training, which is due at once';
      problems.push(...refused.map((text) => `${text}: ${instead}`));
      if (!served) {
        if (versions.length > 0) without.push(trainable.name);
        continue;
      }
      this.#serving.set(trainable.name, served.key);
      if (served.at > 0) training.inService.set(trainable.name, served.at);
    }
    return { problems, writes, without };
  }

  /** All versions, oldest first. */
  async #read(store: Store, { name }: Trainable, writes: StoreWrite[]): Promise<Version[]> {
    const versions: Version[] = [];
    const prefix = KEYS.artifacts(name);
    for await (const [key, bytes] of store.scan(prefix)) versions.push({ key, at: Date.parse(key.slice(prefix.length)), bytes });
    const old = await store.get(KEYS.oldArtifact(name));
    if (old) {
      const at = await lastTraining(store);
      const key = KEYS.artifact(name, at);
      versions.push({ key, at, bytes: old });
      versions.sort((a, b) => a.at - b.at);
      writes.push({ type: 'delete', key: KEYS.oldArtifact(name) }, { type: 'put', key, value: old });
    }
    this.#stored.set(name, new Set(versions.map(({ key }) => key)));
    return versions;
  }
}

/** Removes the weights of predictors that the config has no longer: nobody would ever do so. */
async function orphans(store: Store, { trainable }: Training): Promise<StoreWrite[]> {
  const writes: StoreWrite[] = [];
  const known = (key: string): boolean =>
    trainable.some(({ name }) => key === KEYS.oldArtifact(name) || key.startsWith(KEYS.artifacts(name)));
  for await (const [key] of store.scan('artifact/')) if (!known(key)) writes.push({ type: 'delete', key });
  return writes;
}

/** When an older version of Auspex trained last, epoch ms; 0 where its snapshot does not say. */
async function lastTraining(store: Store): Promise<number> {
  const bytes = await store.get(KEYS.snapshot);
  try {
    return (bytes && readSnapshot(bytes).trained) ?? 0;
  } catch {
    return 0;
  }
}
