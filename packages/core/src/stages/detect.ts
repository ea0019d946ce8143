import type { Anomaly, Detector, DetectView, Hostility, Observation, SeriesInfo } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import { atOnce, NONE } from './answer.ts';
import type { Failures } from './failures.ts';

/** One use of a detector. */
export interface DetectorSlot {
  readonly name: string;
  readonly detector: Pick<Detector, 'begin' | 'detect' | 'encode' | 'decode'>;
  /** Which series it scores. */
  readonly for: 'all' | 'pools' | 'groups';
}

/** What a detector said of one step of a series. */
export interface Detected {
  readonly series: SeriesInfo;
  readonly by: string;
  readonly anomaly: Anomaly;
}

interface Encoded {
  readonly v: number;
  readonly states: readonly (readonly [name: string, state: Uint8Array])[];
}

const FORMAT = 1;

/** Scores every closed step of the series that a detector is for, and keeps the detectors' states. One series' failure stays its own. */
export class DetectStage {
  readonly #slots: readonly DetectorSlot[];
  readonly #failures: Failures;
  /** By series and slot. */
  readonly #states = new Map<string, unknown[]>();

  constructor(slots: readonly DetectorSlot[], failures: Failures) {
    this.#slots = slots;
    this.#failures = failures;
  }

  /** Does any detector score series of this scope? Asked for every series and step. */
  serves({ scope }: SeriesInfo): boolean {
    return this.#slots.some((slot) => slot.for === 'all' || (slot.for === 'pools') === (scope === 'pool'));
  }

  /** Scores a step; what a detector fails to score is scored by the others. */
  detect(series: SeriesInfo, observation: Observation, expected: number | undefined, view: DetectView): Detected[] {
    const states = this.#statesOf(series);
    const found: Detected[] = [];
    for (const [index, { name, detector }] of this.#slots.entries()) {
      if (states[index] === NONE) continue;
      // A copy each: freezing would cost more than the detector.
      const shown = { ...observation };
      try {
        const anomaly = checked(atOnce(detector.detect(states[index], shown, expected, view), 'detect'), series, observation.step);
        this.#failures.recovered('detect', name, series.id);
        found.push({ series, by: name, anomaly });
      } catch (error) {
        this.#failures.report('detect', name, series.id, error, 'its step has no score of it');
      }
    }
    return found;
  }

  #statesOf(series: SeriesInfo): unknown[] {
    let states = this.#states.get(series.id);
    if (!states) {
      states = this.#slots.map((slot) => this.#begin(slot, series));
      this.#states.set(series.id, states);
    }
    return states;
  }

  #begin({ name, detector, for: scope }: DetectorSlot, series: SeriesInfo): unknown {
    if (scope !== 'all' && (scope === 'pools') !== (series.scope === 'pool')) return NONE;
    try {
      return atOnce(detector.begin(series), 'begin');
    } catch (error) {
      this.#failures.report('detect', name, series.id, error, 'its steps have no score of it', 'begin');
      return NONE;
    }
  }

  forget(series: string): void {
    this.#states.delete(series);
  }

  /** Series that have states. */
  get known(): Iterable<string> {
    return this.#states.keys();
  }

  encode(series: string): Uint8Array {
    const states = this.#states.get(series) ?? [];
    const encoded: [string, Uint8Array][] = [];
    for (const [index, { name, detector }] of this.#slots.entries()) {
      if (states[index] === NONE || !(index in states)) continue;
      try {
        encoded.push([name, atOnce(detector.encode(states[index]), 'encode')]);
      } catch (error) {
        this.#failures.report('detect', name, series, error, 'after a restart it begins from nothing', 'encode');
      }
    }
    return pack({ v: FORMAT, states: encoded } satisfies Encoded);
  }

  /**
   * Reads the states of a series back; a detector that is new begins from nothing.
   * @param onUnreadable told of each that cannot be read, which begins from nothing too
   * @throws on bytes of another format
   */
  decode(series: SeriesInfo, bytes: Uint8Array, onUnreadable: (detector: string, error: unknown) => void): void {
    const record = unpack<Encoded>(bytes);
    if (record?.v !== FORMAT) throw new Error(`detectors of format ${String(record?.v)}; this version reads ${FORMAT}`);
    const states = this.#statesOf(series);
    for (const [name, state] of record.states) {
      const index = this.#slots.findIndex((slot) => slot.name === name);
      if (index < 0 || states[index] === NONE) continue;
      try {
        states[index] = atOnce((this.#slots[index] as DetectorSlot).detector.decode(state), 'decode');
      } catch (error) {
        onUnreadable(name, error);
      }
    }
  }
}

/** The answer with what the contract knows, and nothing else of it. @throws where it breaks the contract */
function checked(anomaly: Anomaly, { name, pop }: SeriesInfo, step: number): Anomaly {
  if (typeof anomaly !== 'object' || anomaly === null) throw new Error('answered without an anomaly');
  const { score, cause, hostility } = anomaly;
  if (!(score >= 0 && score <= 1)) throw new Error(`answered with a score of ${score}`);
  if (anomaly.step !== step) throw new Error(`answered for the step ${anomaly.step} where ${step} was asked for`);
  return { group: name, pop, step, score, cause: String(cause), ...(hostility && { hostility: checkedHostility(hostility) }) };
}

function checkedHostility({ probability, contributions, text }: Hostility): Hostility {
  if (probability !== undefined && !(probability >= 0 && probability <= 1)) throw new Error(`answered with a chance of ${probability}`);
  if (!Array.isArray(contributions)) throw new Error('answered without contributions');
  const parts = contributions.map((each) => {
    if (!Number.isFinite(each?.amount)) throw new Error(`answered with a contribution of ${String(each?.amount)}`);
    return { of: String(each.of), amount: each.amount, text: String(each.text) };
  });
  return { ...(probability !== undefined && { probability }), contributions: parts, text: String(text) };
}
