import { deepFreeze, type Learner, type StepOutcome } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import { atOnce, NONE } from './answer.ts';
import type { Failures } from './failures.ts';

/** A sensitivity that has moved since it was last told. */
export interface Moved {
  readonly learner: string;
  readonly group: string;
  readonly from: number;
  readonly to: number;
}

interface Slot {
  readonly name: string;
  readonly learner: Learner;
  state: unknown;
  /** The sensitivity of each group as it was last told; 1 where nothing was. */
  told: Map<string, number>;
  /** Has it learnt anything since it was last written? */
  fresh: boolean;
}

/** A move by less is not worth a line. */
const MOVE = 0.1;

/** Hands outcomes to the learners, keeps their states, and answers what the later stages ask of them. One learner's failure stays its own. */
export class LearnStage {
  readonly #slots: readonly Slot[];
  readonly #failures: Failures;

  constructor(learners: readonly { readonly name: string; readonly learner: Learner }[], failures: Failures) {
    this.#failures = failures;
    this.#slots = learners.map((each) => ({ ...each, state: this.#begin(each), told: new Map(), fresh: false }));
  }

  #begin({ name, learner }: { readonly name: string; readonly learner: Learner }): unknown {
    try {
      return atOnce(learner.begin(), 'begin');
    } catch (error) {
      this.#failures.report('learn', name, 'state', error, 'the engine goes on without it', 'begin');
      return NONE;
    }
  }

  /** Learns from what is known of a step; returns what moved by it. */
  learn(outcomes: readonly StepOutcome[]): readonly Moved[] {
    if (outcomes.length === 0) return [];
    deepFreeze(outcomes);
    return this.#slots.flatMap((slot) => {
      if (slot.state === NONE) return [];
      try {
        slot.state = atOnce(slot.learner.learn(slot.state, outcomes), 'learn');
        slot.fresh = true;
        this.#failures.recovered('learn', slot.name, 'outcomes');
      } catch (error) {
        this.#failures.report('learn', slot.name, 'outcomes', error, 'its state stays as it was');
        return [];
      }
      return this.#moved(slot, outcomes);
    });
  }

  #moved(slot: Slot, outcomes: readonly StepOutcome[]): Moved[] {
    if (!slot.learner.sensitivity) return [];
    const groups = new Set(outcomes.flatMap(({ surges }) => surges?.map(({ group }) => group) ?? []));
    return [...groups].flatMap((group) => {
      const to = this.#ask(slot, group);
      const from = slot.told.get(group) ?? 1;
      if (to === undefined || Math.abs(to - from) <= MOVE * Math.max(from, MOVE)) return [];
      slot.told.set(group, to);
      return [{ learner: slot.name, group, from, to }];
    });
  }

  /** What the sensitivity of a group's profile is multiplied with; undefined = no learner has an opinion. The first that has one is followed. */
  sensitivity(group: string): number | undefined {
    for (const slot of this.#slots) {
      const answer = this.#ask(slot, group);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  #ask(slot: Slot, group: string): number | undefined {
    if (!slot.learner.sensitivity || slot.state === NONE) return undefined;
    try {
      const answer = atOnce(slot.learner.sensitivity(slot.state, group), 'sensitivity');
      if (answer === undefined) return undefined;
      if (!(answer >= 0 && Number.isFinite(answer))) throw new Error(`says that the sensitivity of ${group} is ${answer}`);
      this.#failures.recovered('learn', slot.name, group, 'sensitivity');
      return answer;
    } catch (error) {
      this.#failures.report('learn', slot.name, group, error, 'its profile alone says how sensitive it is', 'sensitivity');
      return undefined;
    }
  }

  /** Takes a group out of what was learnt; a learner that cannot keeps it. */
  forget(group: string): void {
    for (const slot of this.#slots) {
      slot.fresh = slot.told.delete(group) || slot.fresh;
      if (slot.state === NONE || !slot.learner.forget) continue;
      try {
        slot.state = atOnce(slot.learner.forget(slot.state, group), 'forget');
        slot.fresh = true;
      } catch (error) {
        this.#failures.report('learn', slot.name, group, error, 'it keeps the group', 'forget');
      }
    }
  }

  /** The same, telling which states changed by it and which learners cannot forget: writes each state twice, so not for every step. */
  erase(group: string): { readonly changed: readonly string[]; readonly unable: readonly string[] } {
    const written = (): Map<string, string> => {
      for (const slot of this.#slots) slot.fresh = true;
      return new Map(this.encode().map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]));
    };
    const before = written();
    this.forget(group);
    const after = written();
    return {
      changed: [...after].flatMap(([name, bytes]) => (before.get(name) === bytes ? [] : [name])),
      unable: this.#slots.flatMap(({ name, learner }) => (learner.forget ? [] : [name])),
    };
  }

  /** The states that have moved since they were last kept, by learner; nothing of one that cannot be written. */
  encode(): (readonly [name: string, bytes: Uint8Array])[] {
    return this.#slots.flatMap((slot) => {
      if (!slot.fresh) return [];
      try {
        const state = atOnce(slot.learner.encode(slot.state), 'encode');
        return [[slot.name, pack({ state, told: [...slot.told] })] as const];
      } catch (error) {
        this.#failures.report('learn', slot.name, 'state', error, 'after a restart it begins from what was written last', 'encode');
        return [];
      }
    });
  }

  /** What `encode` gave is in the store. */
  kept(): void {
    for (const slot of this.#slots) slot.fresh = false;
  }

  get names(): readonly string[] {
    return this.#slots.map(({ name }) => name);
  }

  /** @throws on bytes that the learner did not write; its state stays */
  decode(name: string, bytes: Uint8Array): void {
    const slot = this.#slots.find((each) => each.name === name);
    if (!slot) return;
    const { state, told } = unpack<{ readonly state: Uint8Array; readonly told: readonly (readonly [string, number])[] }>(bytes);
    slot.state = atOnce(slot.learner.decode(state), 'decode');
    slot.told = new Map(told);
  }
}
