import type { Anomaly, Decision, Meter, Receipt, SeriesInfo, TargetState } from '@auspex/contracts';

/** What the meter is told of each pool: where its units stand, what was seen and expected, and what was refused. */
export class PoolGauges {
  readonly #meter: Meter;

  /** @param actuated pools with an actuator */
  constructor(meter: Meter, actuated: Iterable<string>) {
    this.#meter = meter;
    // A counter that begins with its first count hides that one from whoever looks at its increase.
    for (const pool of actuated) meter.count('auspex_receipts_refused_total', 0, { pool });
  }

  /** @param held what was read of the pool's target; undefined where there is none, or it did not answer */
  decided({ pool, step, units, demand }: Decision, held: TargetState | undefined, actuated: boolean): void {
    const labels = { pool };
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
    if (hostility) this.#meter.gauge('auspex_hostility', hostility.probability ?? Number.NaN, { pool: name, detector });
  }

  receipt({ pool, status, units, ready }: Receipt): void {
    if (status === 'refused') this.#meter.count('auspex_receipts_refused_total', 1, { pool });
    else if (status === 'applied') this.#target({ units, ready }, { pool });
  }

  #target({ units, ready }: TargetState, labels: { readonly pool: string }): void {
    this.#meter.gauge('auspex_pool_units_target', units, labels);
    this.#meter.gauge('auspex_pool_units_ready', ready, labels);
  }
}
