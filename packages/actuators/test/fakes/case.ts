import type { ActuatorSubject } from '@auspex/testkit';

/** A subject of the actuators' laws whose fake target tells all that was ever set at it. */
export interface ActuatorCase extends ActuatorSubject {
  /** Each count that was set at the target, oldest first; a renewal of the same count may or may not stand here. */
  readonly written: readonly { readonly pool: string; readonly units: number }[];
}
