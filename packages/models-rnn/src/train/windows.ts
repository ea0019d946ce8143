import type { TrainingSeries } from '@auspex/contracts';
import type { SeededRandom } from '@auspex/numerics';
import { beginMemory, bounded, remember, seasonChanges } from '../memory.ts';
import { EXTRAS, HORIZONS, INPUTS } from '../network.ts';

const MOST_TARGET = 50;
/** Share of each series, its newest, that training is judged by. */
const HELD_OUT = 0.15;

/** One series as the network sees it: a row for each slot that held an observation. */
export interface Slots {
  readonly count: number;
  /** [n x INPUTS]. */
  readonly inputs: Float64Array;
  /** [n x EXTRAS]. */
  readonly extras: Float64Array;
  /** [n x horizons]: change of the log rate to each horizon, in the series' changes. NaN = not observed. */
  readonly targets: Float32Array;
}

/** The end of a window: row `slot` of series `series`. */
export interface Window {
  readonly series: number;
  readonly slot: number;
}

/** Reads a series through the same memory that serves. */
export function slotsOf({ series, observations }: TrainingSeries): Slots {
  const memory = beginMemory(series);
  const inputs = new Float64Array(observations.length * INPUTS);
  const extras = new Float64Array(observations.length * EXTRAS);
  const starts: number[] = [];
  const logs: number[] = [];
  const changes: number[] = [];
  for (const observation of observations) {
    if (!remember(memory, observation, inputs, starts.length * INPUTS)) continue;
    seasonChanges(memory, extras, starts.length * EXTRAS);
    starts.push(memory.slot);
    logs.push(memory.last);
    changes.push(memory.scale.change);
  }
  const targets = new Float32Array(starts.length * HORIZONS.length).fill(Number.NaN);
  for (let i = 0; i < starts.length; i++) {
    HORIZONS.forEach((h, k) => {
      const due = (starts[i] as number) + h * memory.slotMs;
      // Gaps only bring a slot nearer, never further.
      let j = Math.min(i + h, starts.length - 1);
      while (j > i && (starts[j] as number) > due) j--;
      if (starts[j] !== due) return;
      targets[i * HORIZONS.length + k] = bounded(((logs[j] as number) - (logs[i] as number)) / (changes[i] as number), MOST_TARGET);
    });
  }
  return { count: starts.length, inputs, extras, targets };
}

/**
 * Windows whose inputs are whole and whose targets were all observed, split by time: a training window's targets lie
 * before the held-out part begins. Drawn by the seed down to `most`, and an eighth of it for the judging.
 */
export function windowsOf(
  all: readonly Slots[],
  length: number,
  most: number,
  random: SeededRandom,
): { training: Window[]; heldOut: Window[]; usable: number } {
  const training: Window[] = [];
  const heldOut: Window[] = [];
  const furthest = HORIZONS.at(-1) as number;
  all.forEach(({ count, targets }, series) => {
    const cut = Math.floor(count * (1 - HELD_OUT));
    for (let slot = length - 1; slot < count; slot++) {
      let whole = true;
      for (let k = 0; k < HORIZONS.length; k++) whole &&= !Number.isNaN(targets[slot * HORIZONS.length + k] as number);
      if (!whole) continue;
      if (slot >= cut) heldOut.push({ series, slot });
      else if (slot + furthest < cut) training.push({ series, slot });
    }
  });
  const usable = training.length + heldOut.length;
  return { training: draw(training, most, random), heldOut: draw(heldOut, Math.ceil(most / 8), random), usable };
}

/** The first `most` of a seeded shuffle (Fisher-Yates). */
function draw(windows: Window[], most: number, random: SeededRandom): Window[] {
  const end = Math.min(most, windows.length);
  for (let i = 0; i < end; i++) {
    const j = i + random.below(windows.length - i);
    const held = windows[i] as Window;
    windows[i] = windows[j] as Window;
    windows[j] = held;
  }
  return windows.slice(0, end);
}
