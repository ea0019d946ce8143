import type { Correlation, GroupInfo } from '@auspex/contracts';
import type { EngineSettings } from '../config/schema.ts';
import { OTHER } from '../ingest/shard.ts';

/** One group that the engine knows. */
export interface GroupState {
  readonly info: GroupInfo;
  readonly pops: Set<string>;
  /** Last step with usage, epoch ms. */
  lastActive: number;
  /** Running mean requests a second over all POPs; the scale between a group's profile and its series. */
  level: number;
  correlated: readonly Correlation[];
}

/** The groups, at most `maxGroups` of them; what is beyond is `other`. */
export class Groups {
  readonly all = new Map<string, GroupState>();
  readonly #settings: EngineSettings;
  /** Set once a group had to be counted as `other`. */
  overflowed = false;

  constructor(settings: EngineSettings) {
    this.#settings = settings;
  }

  /** The name under which a group is known: its own, or `other` when there is no room. */
  admit(group: string): string {
    if (group === OTHER || this.all.has(group)) return group;
    if (this.all.size < this.#settings.maxGroups) return group;
    this.overflowed = true;
    return OTHER;
  }

  /** The state of an admitted group; made at first sight, in the zone of its name or of the POP where it was first seen. */
  at(group: string, pop: string): { readonly state: GroupState; readonly fresh: boolean } {
    const known = this.all.get(group);
    if (known) return { state: known, fresh: false };
    const info: GroupInfo = { id: group, zone: this.zoneOf(group, pop), stepMs: this.#settings.step };
    const state: GroupState = { info, pops: new Set(), lastActive: 0, level: 0, correlated: [] };
    this.all.set(group, state);
    return { state, fresh: true };
  }

  zoneOf(group: string, pop: string): string {
    return zoneOf(this.#settings.zone, group, pop);
  }

  /** Removes and returns groups that have been idle too long. */
  forgetIdle(step: number): string[] {
    const idle = [...this.all].filter(([, state]) => step - state.lastActive > this.#settings.forgetAfter).map(([group]) => group);
    for (const group of idle) this.all.delete(group);
    return idle;
  }
}

/** The zone of a group as the config says: its own, else that of the POP, else the default. */
export function zoneOf(zone: EngineSettings['zone'], group: string, pop: string): string {
  return typeof zone === 'string' ? zone : (zone.groups[group] ?? zone.pops[pop] ?? zone.default);
}
