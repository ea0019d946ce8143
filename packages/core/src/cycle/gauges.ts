import type { Anomaly, Decision, Meter, Receipt, SeriesInfo, TargetState } from '@auspex/contracts';

/** What the meter is told of each pool: where its units stand, what was seen and expected, and what was refused. */
export class PoolGauges {
  readonly #meter: Meter;
  /** Detectors that have judged a surge. */
  readonly #judges = new Set<string>();

  /** @param actuated pools with an actuator */
  constructor(meter: Meter, actuated: Iterable<string>) {
    this.#meter = meter;
    // A counter that begins with its first count hides that one from whoever looks at its increase.
    for (const pool of actuated) meter.count('auspex_receipts_refused_total', 0, { pool });
    meter.count('auspex_steps_missing_total', 0);
  }

  /** @param held what was read of the pool's target; undefined where there is none, or it did not answer */
  decided({ pool, step, units, previous, demand, surge }: Decision, held: TargetState | undefined, actuated: boolean): void {
    const labels = { pool };
    this.#meter.count('auspex_decisions_total', 1, { pool, move: units > previous ? 'up' : units < previous ? 'down' : 'none' });
    this.#meter.gauge('auspex_surge_probability', surge?.probability ?? Number.NaN, labels);
    this.#meter.gauge('auspex_exposure', surge?.exposure ?? Number.NaN, labels);
    this.#meter.gauge('auspex_forecast_fallback', demand.fallback === undefined ? 0 : 1, labels);
    for (const [predictor, weight] of Object.entries(demand.weights ?? {}))
      this.#meter.gauge('auspex_predictor_weight', weight, { pool, predictor });
    this.#meter.gauge('auspex_pool_units_decided', units, labels);
    this.#meter.gauge('auspex_pool_demand', demand.actual, labels);
    this.#meter.gauge('auspex_pool_demand_expected', demand.expected, labels);
    this.#meter.gauge('auspex_pool_decided_step_seconds', step / 1000, labels);
    // What did not answer is not known: the last answer would look like one of now.
    if (actuated) this.#target(held ?? { units: Number.NaN, ready: Number.NaN }, labels);
  }

  /** Of pools' totals alone: a group's name is no label, since there may be thousands. */
  detected({ scope, name }: SeriesInfo, detector: string, { score, hostility }: Anomaly): void {
    if (scope !== 'pool') return;
    this.#meter.gauge('auspex_anomaly_score', score, { pool: name, detector });
    if (hostility) this.#judges.add(detector);
    // Where there is no surge there is nothing to judge: what was said of the last one would look like one of now.
    if (this.#judges.has(detector)) this.#meter.gauge('auspex_hostility', hostility?.probability ?? Number.NaN, { pool: name, detector });
  }

  /**
   * A step of a pool against what was forecast of it one step ahead: how many of those that were judged lie between the .1 and the .9 quantile.
   * @param skill 1 - mean absolute error / that of the last value going on; undefined = too little is known
   */
  judged(pool: string, inside: boolean, skill: number | undefined): void {
    const labels = { pool };
    this.#meter.count('auspex_forecasts_judged_total', 1, labels);
    this.#meter.count('auspex_forecasts_covered_total', inside ? 1 : 0, labels);
    this.#meter.gauge('auspex_forecast_skill', skill ?? Number.NaN, labels);
  }

  /** A step was closed. */
  closed(missing: boolean, groups: number): void {
    if (missing) this.#meter.count('auspex_steps_missing_total');
    this.#meter.gauge('auspex_groups', groups);
  }

  receipt({ pool, status, units, ready }: Receipt): void {
    this.#meter.count('auspex_receipts_total', 1, { pool, status });
    if (status === 'refused') this.#meter.count('auspex_receipts_refused_total', 1, { pool });
    else if (status === 'applied') this.#target({ units, ready }, { pool });
  }

  #target({ units, ready }: TargetState, labels: { readonly pool: string }): void {
    this.#meter.gauge('auspex_pool_units_target', units, labels);
    this.#meter.gauge('auspex_pool_units_ready', ready, labels);
  }
}
