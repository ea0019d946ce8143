import { AuspexError, type Source, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import type { SyntheticOptions } from './config.ts';
import { World } from './world.ts';

const PARTITION = 'synthetic';

/** Tells the events of a world. One partition; its position is the step and the number of its events that were given. */
export class SyntheticSource implements Source {
  readonly #world: World;

  /** @throws AuspexError ZONE_UNKNOWN, CONFIG_INVALID */
  constructor(options: SyntheticOptions) {
    this.#world = new World(options);
  }

  async *open(from: Readonly<Record<string, string>>, signal: AbortSignal): AsyncGenerator<SourceBatch> {
    const { batch, steps } = this.#world.options;
    const [first, given] = positionOf(from[PARTITION]);
    let events: UsageEvent[] = [];
    let gaps: { from: number; to: number }[] = [];
    const taken = (position: string, watermark?: number): SourceBatch => {
      const made = {
        partition: PARTITION,
        events,
        position,
        ...(watermark !== undefined && { watermark }),
        ...(gaps.length > 0 && { gaps }),
      };
      events = [];
      gaps = [];
      return made;
    };
    for (const step of this.#world.steps(first)) {
      if (signal.aborted) return;
      let used = step.index === first ? given : 0;
      // With the first events of their step, or with what comes before: once.
      if (used === 0) gaps.push(...step.gaps);
      while (events.length + step.events.length - used >= batch) {
        const room = batch - events.length;
        for (let n = 0; n < room; n++) events.push(step.events[used + n] as UsageEvent);
        used += room;
        yield used < step.events.length ? taken(`${step.index}:${used}`) : taken(`${step.index + 1}:0`, step.to);
        if (signal.aborted) return;
        if (used >= step.events.length) break;
      }
      for (let n = used; n < step.events.length; n++) events.push(step.events[n] as UsageEvent);
      // A word now and then, also from a world where nothing happens.
      if (step.index % 1_000 === 999) yield taken(`${step.index + 1}:0`, step.to);
    }
    if (!signal.aborted) yield { ...taken(`${steps}:0`, this.#world.end), end: true };
  }
}

function positionOf(text: string | undefined): [step: number, given: number] {
  if (text === undefined) return [0, 0];
  const found = /^(\d{1,15}):(\d{1,15})$/.exec(text);
  if (found) return [Number(found[1]), Number(found[2])];
  throw new AuspexError('SOURCE_POSITION_LOST', `the checkpoint holds no position of this source: ${text.slice(0, 80)}`, {
    path: PARTITION,
  });
}
