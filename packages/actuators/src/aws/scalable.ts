import type { Status } from '../target/index.ts';

/** What a pool is found to be, before its mark is looked at. */
export interface Found extends Omit<Status, 'mark'> {
  /** The text of its mark. Absent = there is none. */
  readonly tag?: string;
  /** Why a scheduled action would not run. Absent = it would. */
  readonly unscheduled?: string;
  /** Why no unit would be added. Absent = they would. */
  readonly stuck?: string;
}

/** A count at AWS that can be set, given back at a time, and tagged: the one of a group or of a service. */
export interface Scalable {
  /** For messages: `Auto Scaling group web-asg`. */
  readonly name: string;
  /** @throws Refused where it is not there, or somebody else's by what can be seen of it */
  describe(signal: AbortSignal): Promise<Found>;
  /**
   * Asked only before something is set, since it is a call more.
   *
   * @param raise more units are to be set, not fewer
   * @returns a word on policies that act beside Auspex; undefined where there are none
   * @throws Refused where somebody else is in charge of the count, or nobody takes units out again
   */
  maySet(raise: boolean, signal: AbortSignal): Promise<string | undefined>;
  /** Why units are not ready; asked only where they are not. */
  trouble(signal: AbortSignal): Promise<string | undefined>;
  /** Has AWS set the count to `units` at `at`, epoch ms, in whole seconds; puts off what it was told before. */
  giveBack(at: number, units: number, signal: AbortSignal): Promise<void>;
  /** AWS does nothing by itself any more. */
  keep(signal: AbortSignal): Promise<void>;
  set(units: number, signal: AbortSignal): Promise<void>;
  tag(value: string | undefined, signal: AbortSignal): Promise<void>;
}

/** Name of the scheduled action; AWS keeps it with the group or scalable target, so that a pool may be renamed while a floor holds. */
export const ACTION = 'auspex-restore';
