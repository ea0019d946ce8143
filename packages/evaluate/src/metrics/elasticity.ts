/** Demand and supply of one pool in units, step by step. Demand is at least 1, or NaN where it is not known. */
export interface Supplied {
  readonly demand: ArrayLike<number>;
  readonly supply: ArrayLike<number>;
}

/** The elasticity metrics of SPEC (Herbst et al. 2018), all in %. NaN where no step is known. */
export interface Elasticity {
  /** Mean of max(d - s, 0) / d: how much was missing. */
  readonly thetaU: number;
  /** Mean of max(s - d, 0) / d: how much was too much. */
  readonly thetaO: number;
  /** Share of time with s < d. */
  readonly tauU: number;
  /** Share of time with s > d. */
  readonly tauO: number;
  /** Instability: share of steps in which supply moves otherwise than demand. */
  readonly nu: number;
}

/**
 * With d demand, s supply, T steps of equal length:
 *
 *     thetaU = 100/T sum max(d-s, 0)/d    thetaO = 100/T sum max(s-d, 0)/d
 *     tauU   = 100/T sum [d > s]          tauO   = 100/T sum [s > d]
 *     nu     = 100/(T-1) sum min(|sgn ds - sgn dd|, 1)
 *
 * Several pools count as one long series each step of which weighs alike. Steps without a known demand are left out; a
 * difference over one is not formed. Always read all of them: each alone is easily made zero.
 *
 * @see Herbst et al., Quantifying Cloud Performance and Dependability, ACM TOMPECS 3(4), 2018
 */
export function elasticity(...series: readonly Supplied[]): Elasticity {
  const sum = { thetaU: 0, thetaO: 0, tauU: 0, tauO: 0, moves: 0, steps: 0, pairs: 0 };
  for (const { demand, supply } of series) {
    for (let t = 0; t < demand.length; t++) {
      const d = demand[t] as number;
      const s = supply[t] as number;
      if (Number.isNaN(d)) continue;
      sum.steps++;
      sum.thetaU += Math.max(d - s, 0) / d;
      sum.thetaO += Math.max(s - d, 0) / d;
      if (s < d) sum.tauU++;
      if (s > d) sum.tauO++;
      const before = t > 0 ? (demand[t - 1] as number) : Number.NaN;
      if (Number.isNaN(before)) continue;
      sum.pairs++;
      if (Math.sign(s - (supply[t - 1] as number)) !== Math.sign(d - before)) sum.moves++;
    }
  }
  const percent = (value: number, of: number): number => (of > 0 ? (100 * value) / of : Number.NaN);
  return {
    thetaU: percent(sum.thetaU, sum.steps),
    thetaO: percent(sum.thetaO, sum.steps),
    tauU: percent(sum.tauU, sum.steps),
    tauO: percent(sum.tauO, sum.steps),
    nu: percent(sum.moves, sum.pairs),
  };
}
