import { SeededRandom } from '@auspex/numerics';
import { writeArtifact } from '../artifact.ts';
import type { Backend } from '../backends/backend.ts';
import type { RnnOptions } from '../config.ts';
import { networkOver } from '../network/shape.ts';
import { startNetwork } from '../network/start.ts';
import { shapeOf } from '../shape.ts';
import { fitNetwork, type Trained } from './fit.ts';
import type { PackedSeries } from './packed.ts';
import { drawWindows } from './windows.ts';

/** Fewest windows that a network is trained on. */
export const FEWEST = 100;
/** Part of the step size and of the steps that a training takes which begins from weights in service. */
const WARM = 0.3;

/** What the median takes at the start, by local: a mean of forecasts that each fade from what is off now back to the usual. */
const SKIP = [0, 0, 1 / 4, 0, 0, 0, 0, 0, 1 / 4, 1 / 4, 0, 1 / 4];

/** What a training is made of: plain data, so that a worker thread can be given it. */
export interface Task {
  readonly history: readonly PackedSeries[];
  readonly options: Omit<RnnOptions, 'backend'>;
  readonly seed: number;
  /** Weights in service, to begin from. Undefined = from the start. */
  readonly from: Float64Array | undefined;
}

/** What came of it. */
export interface Outcome extends Pick<Trained, 'steps' | 'losses' | 'heldOut'> {
  /** Undefined: nothing better than what is in service, or too little history. */
  readonly artifact: Uint8Array | undefined;
  /** Windows learnt from; 0 = there were too few. */
  readonly windows: number;
  /** Windows that there were. */
  readonly usable: number;
}

/** @throws Diverged */
export function train({ history, options, seed, from }: Task, backend: Backend, aborted?: () => boolean): Outcome {
  const random = new SeededRandom(seed);
  const split = drawWindows(history, options.window, options.maxWindows, random.fork('windows'));
  const none = { artifact: undefined, windows: 0, usable: split.usable, steps: 0, losses: [], heldOut: [] };
  if (split.usable < FEWEST || split.training.count === 0 || split.heldOut.count === 0) return none;
  const shape = shapeOf(options);
  const begin = from ? networkOver(shape, from) : startNetwork(shape, random.fork('start'), { skip: SKIP });
  const { steps, batch, learningRate } = options;
  const warm = from ? WARM : 1;
  const trained = fitNetwork(
    backend,
    begin,
    split,
    { steps: Math.ceil(warm * steps), batch, learningRate: warm * learningRate },
    random.fork('order'),
    aborted,
  );
  // A first training that learnt nothing still begins with a forecast that is worth more than none.
  const artifact = trained.better || !from ? writeArtifact(networkOver(shape, trained.weights)) : undefined;
  return {
    artifact,
    windows: split.training.count,
    usable: split.usable,
    steps: trained.steps,
    losses: trained.losses,
    heldOut: trained.heldOut,
  };
}
