import type { BehaviorProfile, Correlation, GroupInfo, GroupStep, Profiler } from '@auspex/contracts';
import { atOnce, NONE } from './answer.ts';
import type { Failures } from './failures.ts';

/** Folds closed usage into each group's profile, and answers what the later stages ask of it. One group's failure stays its own. */
export class ProfileStage {
  readonly #name: string;
  readonly #profiler: Profiler;
  readonly #failures: Failures;
  readonly #states = new Map<string, unknown>();
  readonly #groups = new Map<string, GroupInfo>();

  constructor(name: string, profiler: Profiler, failures: Failures) {
    this.#name = name;
    this.#profiler = profiler;
    this.#failures = failures;
  }

  begin(group: GroupInfo): void {
    this.#groups.set(group.id, group);
    Object.freeze(group);
    try {
      this.#states.set(group.id, atOnce(this.#profiler.begin(group), 'begin'));
    } catch (error) {
      this.#failures.report('profile', this.#name, group.id, error, 'it has no profile');
    }
  }

  #state(group: string): unknown {
    return this.#states.has(group) ? this.#states.get(group) : NONE;
  }

  // No closures here: these run for every group and step.
  fold(group: string, step: GroupStep): void {
    try {
      const state = this.#state(group);
      if (state === NONE) return;
      const { length } = step.usage;
      const next = atOnce(this.#profiler.fold(state, step), 'fold');
      if (step.usage.length !== length) throw new Error('changed the usage that it was given');
      if (next !== state) this.#states.set(group, next);
      this.#failures.recovered('profile', this.#name, group, 'fold');
    } catch (error) {
      this.#failures.report('profile', this.#name, group, error, 'its profile stays as it was', 'fold');
    }
  }

  expected(group: string, at: number): number | undefined {
    try {
      const state = this.#state(group);
      if (state === NONE) return undefined;
      const rate = atOnce(this.#profiler.expected(state, at), 'expected');
      this.#failures.recovered('profile', this.#name, group, 'expected');
      return rate !== undefined && Number.isFinite(rate) && rate >= 0 ? rate : undefined;
    } catch (error) {
      this.#failures.report('profile', this.#name, group, error, 'its forecast stands in for the expected rate', 'expected');
      return undefined;
    }
  }

  sensitivity(group: string): number {
    try {
      const state = this.#state(group);
      if (state === NONE) return 1;
      const sensitivity = atOnce(this.#profiler.sensitivity(state), 'sensitivity');
      this.#failures.recovered('profile', this.#name, group, 'sensitivity');
      return Number.isFinite(sensitivity) ? sensitivity : 1;
    } catch (error) {
      this.#failures.report('profile', this.#name, group, error, 'its sensitivity is taken as 1', 'sensitivity');
      return 1;
    }
  }

  profile(group: string): BehaviorProfile | undefined {
    try {
      const state = this.#state(group);
      return state === NONE ? undefined : atOnce(this.#profiler.profile(state), 'profile');
    } catch (error) {
      this.#failures.report('profile', this.#name, group, error, 'it has no profile to show', 'profile');
      return undefined;
    }
  }

  relate(): ReadonlyMap<string, readonly Correlation[]> {
    try {
      const related = atOnce(this.#profiler.relate?.(this.#states), 'relate') ?? new Map();
      if (!(related instanceof Map) || ![...related.values()].every(Array.isArray)) throw new Error('related groups to no lists');
      this.#failures.recovered('profile', this.#name, 'relating groups');
      return related;
    } catch (error) {
      this.#failures.report('profile', this.#name, 'relating groups', error, 'correlations stay as they were');
      return new Map();
    }
  }

  forget(group: string): void {
    this.#states.delete(group);
    this.#groups.delete(group);
  }

  /**
   * Takes users, by their hashes, out of a group's profile.
   *
   * @returns whether its profiler could, and whether they may be in registers still, which lose nobody
   */
  forgetUsers(group: string, users: ReadonlySet<number>): { able: boolean; merged: boolean } {
    const state = this.#state(group);
    if (state === NONE) return { able: true, merged: false };
    if (!this.#profiler.forget) return { able: false, merged: false };
    try {
      const { state: next, merged } = atOnce(this.#profiler.forget(state, users), 'forget');
      this.#states.set(group, next);
      return { able: true, merged };
    } catch (error) {
      this.#failures.report('profile', this.#name, group, error, 'its profile keeps the user', 'forget');
      return { able: false, merged: false };
    }
  }

  get name(): string {
    return this.#name;
  }

  /** Undefined where the group has no profile, or it cannot be written. */
  encode(group: string): Uint8Array | undefined {
    const state = this.#state(group);
    if (state === NONE) return undefined;
    try {
      return atOnce(this.#profiler.encode(state), 'encode');
    } catch (error) {
      this.#failures.report('profile', this.#name, group, error, 'after a restart its profile begins from nothing', 'encode');
      return undefined;
    }
  }

  /** Reads a group back; what cannot be read begins from nothing and is reported. */
  decode(group: GroupInfo, bytes: Uint8Array): void {
    this.begin(group);
    try {
      this.#states.set(group.id, this.#profiler.decode(bytes));
    } catch (error) {
      this.#failures.report('profile', this.#name, group.id, error, 'its profile could not be read and begins again from nothing');
    }
  }
}
