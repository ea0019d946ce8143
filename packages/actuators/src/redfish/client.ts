/** PowerState of a ComputerSystem. */
export type Power = 'On' | 'Off' | 'PoweringOn' | 'PoweringOff';

/** Kinds of ComputerSystem.Reset that are used. */
export type ResetType = 'On' | 'GracefulShutdown' | 'ForceOff';

/** What the target needs of the BMCs. */
export interface RedfishClient {
  /** @throws Refused, Unavailable */
  power(system: string, signal: AbortSignal): Promise<Power>;
  /** @throws Refused where the BMC does not know or not allow it; Unavailable */
  reset(system: string, type: ResetType, signal: AbortSignal): Promise<void>;
  /** The address answers 200. Never throws: what does not answer is not healthy. */
  healthy(url: string, signal: AbortSignal): Promise<boolean>;
}
