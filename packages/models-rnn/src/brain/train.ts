import { setImmediate as turn } from 'node:timers/promises';
import { AuspexError, type Random, type TrainingSeries } from '@auspex/contracts';
import type { BrainOptions } from './config.ts';
import { type loadBrain, makeNetwork, type TimeStepNetwork, withRandom } from './network.ts';
import { beginState, remember, scaled, scaledWindow } from './state.ts';

/** Windows between two looks at the signal, and turns for whatever else waits: some hundredths of a second. */
const SLICE = 64;

/**
 * Trains one network over windows of all series, each in its own units.
 *
 * @returns undefined when too little was seen, or `signal` was aborted
 * @throws AuspexError TRAINING_DIVERGED
 */
export async function trainNetwork(
  history: readonly TrainingSeries[],
  options: BrainOptions,
  brain: ReturnType<typeof loadBrain>,
  random: Random,
  signal: AbortSignal,
): Promise<TimeStepNetwork | undefined> {
  const sequences = await drawSequences(history, options, random, signal);
  if (signal.aborted || sequences.length < SLICE) return undefined;
  const network = withRandom(random, () => makeNetwork(brain, options));
  for (let pass = 0; pass < options.passes; pass++) {
    for (let from = 0; from < sequences.length; from += SLICE) {
      await turn();
      if (signal.aborted) return undefined;
      const slice = sequences.slice(from, from + SLICE);
      const rates = { iterations: 1, errorThresh: 0, learningRate: options.learningRate, log: false };
      try {
        const { error } = withRandom(random, () => network.train(slice, rates));
        if (!Number.isFinite(error)) throw new Error(`the error is ${error}`);
      } catch (cause) {
        const message = `brain-lstm diverged: ${cause instanceof Error ? cause.message : String(cause)}`;
        throw new AuspexError('TRAINING_DIVERGED', message, { cause });
      }
    }
  }
  return network;
}

/** Windows and the step that follows each, drawn from all series and times alike, in the order in which they are learnt. */
async function drawSequences(
  history: readonly TrainingSeries[],
  { window, maxWindows }: BrainOptions,
  random: Random,
  signal: AbortSignal,
): Promise<number[][]> {
  const kept: number[][] = [];
  let met = 0;
  for (const { series, observations } of history) {
    await turn();
    if (signal.aborted) return [];
    const state = beginState(series, window);
    let before: { place: number; mean: number; scale: number } | undefined;
    for (const observation of observations) {
      const { mean, scale, steps } = state;
      const due = before;
      remember(state, observation);
      if (due && state.steps > steps && observation.truth === 'observed') {
        const next = state.logs[steps % window] as number;
        (kept[due.place] as number[])[window] = scaled(next, mean, scale);
      }
      before = undefined;
      if (state.steps < window || state.steps === steps) continue;
      // Reservoir sampling (Vitter 1985): each window has the same chance, however many come.
      const place = met < maxWindows ? met : Math.floor(random.next() * (met + 1));
      met++;
      if (place >= maxWindows) continue;
      kept[place] = scaledWindow(state);
      before = { place, mean, scale };
    }
  }
  for (let i = kept.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [kept[i], kept[j]] = [kept[j] as number[], kept[i] as number[]];
  }
  return kept;
}
