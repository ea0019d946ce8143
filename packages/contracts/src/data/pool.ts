import type { Measure } from './usage.ts';

/** What can be scaled at a POP: replicas, servers, bandwidth. */
export interface Pool {
  readonly id: string;
  readonly pop: string;
  readonly measure: Measure;
  /** What one unit serves at 100 % use, in the measure, a second. */
  readonly unitRate: number;
  /**
   * Further measures that load it, and what one unit serves of each at 100 % use, a second: the pool needs the most units that any of its
   * measures asks for. Rates of such a pool are in `measure`, the others counted by what they take of a unit. Absent = there are none.
   */
  readonly also?: Readonly<Partial<Record<Measure, number>>>;
  /** Share of `unitRate` that is planned for, 0..1: at 0.7 a unit is meant to run 70 % busy. */
  readonly target: number;
  readonly min: number;
  readonly max: number;
  /** p90 of the time from order to ready, milliseconds. */
  readonly leadTimeMs: number;
  /** Price of a unit for an hour, in any one currency. */
  readonly price: number;
  /** How much the pool matters when units are short; any positive number, only its ratio to others counts. */
  readonly importance: number;
  /** `floor`: Auspex raises a floor under another autoscaler. `full`: Auspex decides alone. */
  readonly control: 'floor' | 'full';
  /** Does this group at this POP load the pool? */
  readonly serves: (group: string, pop: string) => boolean;
  /** How much a group's demand matters inside the pool when the pool is capped. Default 1. */
  readonly importanceOf: (group: string) => number;
}
