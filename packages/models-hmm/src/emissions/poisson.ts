import { broadcast, checkPositive, reorderRows } from '../arrays.ts';
import { drawPoisson } from '../draw.ts';
import { isCount, logFactorial } from '../special.ts';
import type { PoissonEmission } from './emission.ts';
import { type Densities, type Family, LEAST_VISITS, type Trainer, type TrainerSettings } from './family.ts';

/** A state in which nothing ever happens still allows an event: with rate 0 one event would be impossible for ever. */
const LEAST_RATE = 1e-10;

/** Poisson emissions (MacDonald & Zucchini 1997). */
export const poissonFamily: Family<PoissonEmission> = {
  check: ({ rates, dimensions }, states) => checkPositive('rates', rates, states * dimensions),
  copy: (emission) => ({ ...emission, rates: emission.rates.slice() }),
  reorder: (emission, order) => ({ ...emission, rates: reorderRows(emission.rates, emission.dimensions, order) }),
  densities,
  trainer,
  freeParameters: ({ dimensions }, states) => states * dimensions,
  draw({ dimensions, rates }, state, random, out, at) {
    for (let d = 0; d < dimensions; d++) out[at + d] = drawPoisson(random, rates[state * dimensions + d] as number);
  },
};

function densities({ rates, dimensions }: PoissonEmission, states: number): Densities {
  const logs = new Float64Array(rates.length);
  const refresh = (): void => {
    for (let m = 0; m < rates.length; m++) logs[m] = Math.log(rates[m] as number);
  };
  refresh();
  return {
    refresh,
    log(values, at, out, to) {
      for (let k = 0; k < states; k++) out[to + k] = 0;
      for (let d = 0; d < dimensions; d++) {
        const x = values[at + d] as number;
        if (Number.isNaN(x)) continue;
        if (!isCount(x)) {
          for (let k = 0; k < states; k++) out[to + k] = Number.NEGATIVE_INFINITY;
          return;
        }
        const common = logFactorial(x);
        for (let k = 0, m = d; k < states; k++, m += dimensions)
          out[to + k] = (out[to + k] as number) + x * (logs[m] as number) - (rates[m] as number) - common;
      }
    },
  };
}

/** Statistics of each rate: visits and events. */
function trainer({ rates, dimensions }: PoissonEmission, states: number, { priors }: TrainerSettings): Trainer {
  const statistics = new Float64Array(2 * rates.length);
  const events = broadcast('the prior of rates', priors.rates ?? 0, rates.length);
  const weight = priors.ratesWeight ?? 0;
  return {
    statistics,
    reset: () => void statistics.fill(0),
    accumulate(values, from, rows, gamma, first) {
      for (let t = 0, g = first, at = from * dimensions; t < rows; t++, at += dimensions) {
        for (let k = 0, m = 0; k < states; k++, g++) {
          const share = gamma[g] as number;
          for (let d = 0; d < dimensions; d++, m++) {
            const x = values[at + d] as number;
            if (Number.isNaN(x)) continue;
            statistics[2 * m] = (statistics[2 * m] as number) + share;
            statistics[2 * m + 1] = (statistics[2 * m + 1] as number) + share * x;
          }
        }
      }
    },
    maximise() {
      for (let m = 0; m < rates.length; m++) {
        const visits = statistics[2 * m] as number;
        if (visits < LEAST_VISITS) continue;
        rates[m] = Math.max(LEAST_RATE, ((events[m] as number) + (statistics[2 * m + 1] as number)) / (visits + weight));
      }
    },
  };
}
