import type { BehaviorProfile, Correlation, GroupInfo, GroupStep, Profiler } from '@auspex/contracts';
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
    this.#states.set(group.id, this.#profiler.begin(group));
  }

  fold(group: string, step: GroupStep): void {
    this.#guarded(group, 'its profile stays as it was', (state) => {
      this.#states.set(group, this.#profiler.fold(state, step));
    });
  }

  expected(group: string, at: number): number | undefined {
    const rate = this.#guarded(group, 'its forecast stands in for the expected rate', (state) => this.#profiler.expected(state, at));
    return rate !== undefined && Number.isFinite(rate) && rate >= 0 ? rate : undefined;
  }

  sensitivity(group: string): number {
    return this.#guarded(group, 'its sensitivity is taken as 1', (state) => this.#profiler.sensitivity(state)) ?? 1;
  }

  profile(group: string): BehaviorProfile | undefined {
    return this.#guarded(group, 'it has no profile to show', (state) => this.#profiler.profile(state));
  }

  relate(): ReadonlyMap<string, readonly Correlation[]> {
    try {
      return this.#profiler.relate?.(this.#states) ?? new Map();
    } catch (error) {
      this.#failures.report('profile', this.#name, 'relating groups', error, 'correlations stay as they were');
      return new Map();
    }
  }

  forget(group: string): void {
    this.#states.delete(group);
    this.#groups.delete(group);
  }

  encode(group: string): Uint8Array {
    return this.#profiler.encode(this.#states.get(group));
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

  #guarded<T>(group: string, fallback: string, act: (state: unknown) => T): T | undefined {
    try {
      const result = act(this.#states.get(group));
      this.#failures.recovered('profile', this.#name, group);
      return result;
    } catch (error) {
      this.#failures.report('profile', this.#name, group, error, fallback);
      return undefined;
    }
  }
}
