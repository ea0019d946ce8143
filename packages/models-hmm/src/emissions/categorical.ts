import { broadcast, checkRows, checkWhole, reorderRows } from '../arrays.ts';
import { drawIndex } from '../draw.ts';
import type { CategoricalEmission } from './emission.ts';
import { type Densities, type Family, LEAST_VISITS, type Trainer, type TrainerSettings } from './family.ts';

/** Symbols of a finite alphabet (Rabiner 1989, equation 40c). */
export const categoricalFamily: Family<CategoricalEmission> = {
  check({ symbols, dimensions, probabilities }, states) {
    if (dimensions !== 1) throw new RangeError('dimensions of a categorical emission must be 1');
    checkWhole('symbols', symbols);
    checkRows('probabilities', probabilities, states, symbols);
  },
  copy: (emission) => ({ ...emission, probabilities: emission.probabilities.slice() }),
  reorder: (emission, order) => ({ ...emission, probabilities: reorderRows(emission.probabilities, emission.symbols, order) }),
  densities,
  trainer,
  freeParameters: ({ symbols }, states) => states * (symbols - 1),
  draw({ symbols, probabilities }, state, random, out, at) {
    out[at] = drawIndex(random, probabilities, state * symbols, symbols);
  },
};

function densities({ symbols, probabilities }: CategoricalEmission, states: number): Densities {
  const logs = new Float64Array(probabilities.length);
  const refresh = (): void => {
    for (let i = 0; i < logs.length; i++) logs[i] = Math.log(probabilities[i] as number);
  };
  refresh();
  return {
    refresh,
    log(values, at, out, to) {
      const x = values[at] as number;
      const known = Number.isInteger(x) && x >= 0 && x < symbols;
      for (let k = 0; k < states; k++)
        out[to + k] = known ? (logs[k * symbols + x] as number) : Number.isNaN(x) ? 0 : Number.NEGATIVE_INFINITY;
    },
  };
}

/** Statistics: how often each state gave each symbol. */
function trainer({ symbols, probabilities }: CategoricalEmission, states: number, { priors }: TrainerSettings): Trainer {
  const statistics = new Float64Array(states * symbols);
  const concentration = broadcast('the prior of probabilities', priors.probabilities ?? 1, states * symbols);
  return {
    statistics,
    reset: () => void statistics.fill(0),
    accumulate(values, from, rows, gamma, at) {
      for (let t = 0, g = at; t < rows; t++, g += states) {
        const x = values[from + t] as number;
        if (Number.isNaN(x)) continue;
        for (let k = 0; k < states; k++) {
          const s = k * symbols + x;
          statistics[s] = (statistics[s] as number) + (gamma[g + k] as number);
        }
      }
    },
    maximise() {
      for (let row = 0; row < statistics.length; row += symbols) {
        let sum = 0;
        for (let s = row; s < row + symbols; s++) sum += Math.max(0, (statistics[s] as number) + (concentration[s] as number) - 1);
        if (sum < LEAST_VISITS) continue;
        for (let s = row; s < row + symbols; s++)
          probabilities[s] = Math.max(0, (statistics[s] as number) + (concentration[s] as number) - 1) / sum;
      }
    },
  };
}
