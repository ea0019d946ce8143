import type { Anomaly, Detector, DetectView, Observation, SeriesInfo, Usage } from '@auspex/contracts';
import { learnBounded, scoreOf, surpriseAbove } from '@auspex/numerics';
import { combine } from '../combined/combine.ts';
import { figure, percent } from '../text.ts';
import { ATTRIBUTES, type Attribute, NAMES, tallyOf } from './attributes.ts';
import type { CompositionOptions } from './config.ts';
import { addWeights, atLevel, totalOf } from './mix.ts';
import { learnRatio, offsetOf, RATIOS, type RatioName, ratioOf, ratioSurprises } from './ratio.ts';
import { type Shift, shiftOf } from './shift.ts';
import { type AttributeState, beginState, type CompositionState, decodeState, encodeState, mixOf } from './state.ts';

/** Steps in which what is recent counts half. */
const RECENT = 0.5 ** (1 / 7);
/** Figures that are remembered. */
const MEMORY = 20_000;
/** Distance below which a mix is the usual one: where all is always alike, a trifle is no shift. */
const LEAST = 2;
/** From this surprise on a mix is unusual, and is learnt with so little weight. */
const UNUSUAL = 3;
const HARDLY = 0.02;
/** And so much for how far steps are from the usual mix. */
const SELDOM = 0.1;

/** What speaks for a shift. */
interface Evidence {
  readonly surprise: number;
  readonly text: () => string;
}

/** Is what is asked for, by whom and from where, mixed as usual? The volume is others' business. */
export class Composition implements Detector<CompositionState> {
  readonly #options: CompositionOptions;

  constructor(options: CompositionOptions) {
    this.#options = options;
  }

  begin(series: SeriesInfo): CompositionState {
    return beginState(series);
  }

  detect(state: CompositionState, observation: Observation, expected: number | undefined, view?: DetectView): Anomaly {
    const { step, truth } = observation;
    const { group, pop } = state;
    const answer = (score: number, cause: string): Anomaly => ({ group, pop, step, score, cause });
    if (truth === 'missing' || truth === 'masked') return answer(0, `the step is ${truth}`);
    const usage = view?.usage();
    if (usage === undefined) return answer(...byVolume(observation, expected));
    const requests = usage.offered + usage.retried;
    if (!(totalOf(usage.kinds) > 0)) return answer(0, 'nobody came');
    const shifts = ATTRIBUTES.flatMap((name) => this.#shift(state.attributes[name], usage, name));
    const mix = mixOf(state);
    const ratios = RATIOS.flatMap((name) => {
      const value = ratioOf(name, usage, mix);
      return value === undefined ? [] : [{ name, value, offset: offsetOf(state.ratios[name], value, requests) }];
    });
    const evidence = [
      ...shifts.flatMap(({ evidence: own }) => own),
      ...ratios.flatMap(({ name, value, offset }) => ratioEvidence(state, name, value, offset)),
    ];
    const surprise = state.learnt < this.#options.fill || evidence.length === 0 ? 0 : combine(evidence.map((one) => one.surprise));
    // Of what capacity hid nobody knows what it was: the mix of the rest is looked at, and not learnt.
    if (truth === 'observed') {
      const weight = this.#weight(state, step, surprise);
      const passed = Number.isNaN(state.last) ? 1 : Math.max(1, Math.round((step - state.last) / state.stepMs));
      const keep = 0.5 ** ((weight * passed * state.stepMs) / this.#options.memory);
      for (const { learn } of shifts) learn(keep, weight);
      for (const { name, value, offset } of ratios) learnRatio(state.ratios[name], value, offset, weight * (1 - keep), MEMORY);
      state.learnt++;
      state.last = step;
    }
    if (state.learnt <= this.#options.fill) return answer(0, 'too little is known of what is usual');
    const [first] = evidence.sort((a, b) => b.surprise - a.surprise);
    return answer(scoreOf(surprise), first ? first.text() : 'nothing is known of what was asked for');
  }

  encode(state: CompositionState): Uint8Array {
    return encodeState(state);
  }

  decode(bytes: Uint8Array): CompositionState {
    return decodeState(bytes);
  }

  /** How much a step counts for what is usual: an unusual one hardly, until it has lasted so long that it is usual. */
  #weight(state: CompositionState, step: number, surprise: number): number {
    if (surprise < UNUSUAL) {
      state.since = Number.NaN;
      return 1;
    }
    if (Number.isNaN(state.since)) state.since = step;
    return step - state.since < this.#options.settle ? HARDLY : 1;
  }

  /** What the step and the last few say of an attribute. Nothing where it has no counts. */
  #shift(
    state: AttributeState,
    usage: Usage,
    name: Attribute,
  ): { readonly evidence: readonly Evidence[]; readonly learn: (keep: number, weight: number) => void }[] {
    const given = tallyOf(usage, name);
    if (totalOf(given) === 0) return [];
    const level = Math.max(given.level, state.usual.level);
    const seen = atLevel(given, level);
    state.usual = atLevel(state.usual, level);
    state.recent = atLevel(state.recent, level);
    const { keys } = this.#options;
    const learn = (keep: number, weight: number): void => addWeights(state.usual, seen, keep, weight, keys);
    addWeights(state.recent, seen, RECENT, 1, 2 * keys);
    if (totalOf(state.usual) === 0) return [{ evidence: [], learn }];
    const [sharp, lasting] = [shiftOf(state.usual, seen), shiftOf(state.usual, state.recent)];
    const evidence = [
      { surprise: surpriseAbove(state.sharp, sharp.figure, LEAST), text: () => told(name, sharp) },
      { surprise: surpriseAbove(state.lasting, lasting.figure, LEAST), text: () => told(name, lasting) },
    ];
    return [
      {
        evidence,
        learn: (keep, weight) => {
          const by = weight < 1 ? SELDOM : 1;
          learnBounded(state.sharp, sharp.figure, LEAST, MEMORY, by);
          learnBounded(state.lasting, lasting.figure, LEAST, MEMORY, by);
          learn(keep, weight);
        },
      },
    ];
  }
}

function ratioEvidence(state: CompositionState, name: RatioName, value: number, offset: number): Evidence[] {
  const ratio = state.ratios[name];
  const usually = Math.exp(ratio.mean);
  const text = (): string => {
    if (name === 'users') return `${figure(1 / value)} requests a user, usually ${figure(1 / usually)}`;
    const unit = name === 'bytes' ? 'bytes' : 'bits of surprise';
    return `${figure(value)} ${unit} a request, usually ${figure(usually)}`;
  };
  return ratioSurprises(ratio, offset).map((surprise) => ({ surprise, text }));
}

function told(name: Attribute, { key, share, usually }: Shift): string {
  return `${NAMES[name]} ${key === '' ? 'seldom seen' : key} ${percent(share)}, usually ${percent(usually)}`;
}

/** Where nothing is known of the mix: the volume, so mildly that nobody is told. */
function byVolume({ value }: Observation, expected: number | undefined): [score: number, cause: string] {
  if (expected === undefined || !(value + expected > 0)) return [0, 'nothing is known of what was asked for'];
  const off = Math.abs(value - expected) / (value + expected);
  return [0.5 * off, `${figure(value)}/s where ${figure(expected)}/s were expected; nothing is known of what was asked for`];
}
