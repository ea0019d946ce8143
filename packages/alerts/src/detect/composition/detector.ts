import type { Anomaly, Detector, DetectView, Observation, SeriesInfo, Tally, Usage } from '@auspex/contracts';
import { learnBounded, scoreOf, surpriseAbove } from '@auspex/numerics';
import { combine } from '../combine.ts';
import { AS_USUAL, figure, isUsual, percent } from '../text.ts';
import { ATTRIBUTES, type Attribute, doings, NAMES, tallyOf } from './attributes.ts';
import type { CompositionOptions } from './config.ts';
import { addWeights, atLevel, emptyWeights, keyed, totalOf, weightsAt } from './mix.ts';
import { beginRatio, learnRatio, offsetOf, RATIOS, type RatioName, ratioOf, ratioSurprises } from './ratio.ts';
import { newestIn, REST, type Shift, shareIn, shiftOf } from './shift.ts';
import { type AttributeState, beginState, type CompositionState, decodeState, encodeState, mixOf } from './state.ts';

/** Steps in which what is recent counts half. */
const RECENT = 0.5 ** (1 / 7);
/** As many steps are in it, by weight. */
const LAST_FEW = Math.round(1 / (1 - RECENT));
/** Figures that are remembered. */
const MEMORY = 20_000;
/** Distance below which a mix is the usual one: where all is always alike, a trifle is no shift. */
const LEAST = 2;
/** From this surprise on a mix is unusual, and is learnt with so little weight. */
const UNUSUAL = 3;
const HARDLY = 0.02;
/** Nearer to the usual share than this part of the way to that of the last few steps, a step is back; one may be so by chance. */
const BACK = 1 / 3;
const BACK_STEPS = 2;
/** And so much for how far steps are from the usual mix. */
const SELDOM = 0.1;

/** What an attribute of a step says: how far it is from the usual mix, and how far the last few steps are. */
interface Shifted {
  readonly name: Attribute;
  readonly seen: Tally;
  readonly sharp: Shift;
  readonly lasting: Shift;
}

/** What a figure a request says: its logarithm is that far from its mean. */
interface Moved {
  readonly name: RatioName;
  readonly value: number;
  readonly offset: number;
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
    if (!(totalOf(doings(usage)) > 0)) return answer(0, 'nobody came');
    const shifts = this.#shifts(state, usage);
    const moves = movesOf(state, usage);
    const surprises: number[] = [];
    for (const shift of shifts) surprises.push(...shiftSurprises(state, shift));
    for (const move of moves) surprises.push(...moveSurprises(state, move));
    const scored = state.learnt >= this.#options.fill && surprises.length > 0;
    const surprise = scored ? combine(surprises) : 0;
    const reason = (): string => (isUsual(surprise) ? AS_USUAL : causeOf(state, shifts, moves, surprises));
    const cause = scored ? reason() : 'too little is known of what is usual';
    // Of what capacity hid nobody knows what it was: the mix of the rest is looked at, and not learnt.
    if (truth === 'observed') this.#learn(state, step, surprise, shifts, moves);
    return answer(scoreOf(surprise), cause);
  }

  encode(state: CompositionState): Uint8Array {
    return encodeState(state);
  }

  decode(bytes: Uint8Array): CompositionState {
    return decodeState(bytes);
  }

  /** Attributes that have counts, with the step among the last few. */
  #shifts(state: CompositionState, usage: Usage): Shifted[] {
    const { attributes } = state;
    const found: Shifted[] = [];
    for (const name of ATTRIBUTES) {
      const given = tallyOf(usage, name);
      const requests = totalOf(given);
      if (requests === 0) continue;
      const seen = levelled(state, name, keyed(given));
      const own = attributes[name];
      addWeights(own.recent, seen, RECENT, 1, 2 * this.#options.keys);
      const weight = totalOf(own.usual);
      const sharp = shiftOf(own.usual, weight, seen, requests);
      found.push({ name, seen, sharp, lasting: this.#lasting(own, weight, seen, requests) });
    }
    return found;
  }

  /** How far the last few steps are from the usual mix. Once they are back, what was before says nothing of now, and they begin anew. */
  #lasting(own: AttributeState, weight: number, seen: Tally, requests: number): Shift {
    const lasting = shiftOf(own.usual, weight, own.recent, totalOf(own.recent));
    const unusual = surpriseAbove(own.lasting, lasting.figure, LEAST) >= UNUSUAL;
    own.back = unusual && isBack(lasting, shareIn(own.usual, seen, requests, lasting.key)) ? own.back + 1 : 0;
    if (own.back < BACK_STEPS) return lasting;
    own.back = 0;
    own.recent = emptyWeights();
    addWeights(own.recent, seen, 1, 1, 2 * this.#options.keys);
    return shiftOf(own.usual, weight, own.recent, requests);
  }

  #learn(state: CompositionState, step: number, surprise: number, shifts: readonly Shifted[], moves: readonly Moved[]): void {
    const { memory, keys } = this.#options;
    const weight = this.#weight(state, step, surprise);
    const by = weight < 1 ? SELDOM : 1;
    const passed = Number.isNaN(state.last) ? 1 : Math.max(1, Math.round((step - state.last) / state.stepMs));
    const keep = 0.5 ** ((weight * passed * state.stepMs) / memory);
    for (const { name, seen, sharp, lasting } of shifts) {
      const own = state.attributes[name];
      learnBounded(own.sharp, sharp.figure, LEAST, MEMORY, by);
      learnBounded(own.lasting, lasting.figure, LEAST, MEMORY, by);
      addWeights(own.usual, seen, keep, weight, keys);
    }
    for (const { name, value, offset } of moves) learnRatio(state.ratios[name], value, offset, weight * (1 - keep), MEMORY);
    state.learnt++;
    state.last = step;
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
}

/** The counts and what they are compared with, of one level of sampling. */
function levelled({ attributes, ratios }: CompositionState, name: Attribute, given: Tally): Tally {
  const { usual, recent } = attributes[name];
  const level = Math.max(given.level, usual.level);
  if (level === usual.level) return atLevel(given, level);
  Object.assign(attributes[name], { usual: weightsAt(usual, level), recent: weightsAt(recent, level) });
  // With fewer keys of their own, events have fewer bits.
  Object.assign(ratios, { surprise: beginRatio() });
  return given;
}

function movesOf(state: CompositionState, usage: Usage): Moved[] {
  const mix = mixOf(state);
  const requests = usage.offered + usage.retried;
  const found: Moved[] = [];
  for (const name of RATIOS) {
    const value = ratioOf(name, usage, mix);
    if (value !== undefined) found.push({ name, value, offset: offsetOf(state.ratios[name], value, requests) });
  }
  return found;
}

function shiftSurprises({ attributes }: CompositionState, { name, sharp, lasting }: Shifted): readonly [sharp: number, lasting: number] {
  const state = attributes[name];
  return [surpriseAbove(state.sharp, sharp.figure, LEAST), surpriseAbove(state.lasting, lasting.figure, LEAST)];
}

/** @param now share in the step of what has moved most in the last few */
function isBack({ share, usually }: Shift, now: number): boolean {
  return Math.abs(now - usually) < Math.abs(share - usually) * BACK || now > usually !== share > usually;
}

function moveSurprises({ ratios }: CompositionState, { name, offset }: Moved): readonly [above: number, below: number] {
  return ratioSurprises(ratios[name], offset);
}

/** What the strongest of the surprises has to say; each shift and each move has two of them. */
function causeOf(state: CompositionState, shifts: readonly Shifted[], moves: readonly Moved[], surprises: readonly number[]): string {
  const strongest = surprises.indexOf(Math.max(...surprises));
  const shift = shifts[strongest >> 1];
  if (shift === undefined) return movedText(state, moves[(strongest >> 1) - shifts.length] as Moved);
  const isSharp = strongest % 2 === 0;
  const { usual, recent } = state.attributes[shift.name];
  const { key, share, usually } = isSharp ? shift.sharp : shift.lasting;
  const counts = isSharp ? shift.seen : recent;
  // Most of those that are seldom seen may be one, which has a name.
  const newest = key === REST ? newestIn(usual, counts) : undefined;
  const [told, now, before] = newest ? [newest.key, newest.count / totalOf(counts), 0] : [key || 'seldom seen', share, usually];
  const over = isSharp ? '' : ` over some ${LAST_FEW} steps`;
  return `${NAMES[shift.name]} ${told} ${percent(now)}${over}, usually ${percent(before)}`;
}

function movedText({ ratios }: CompositionState, { name, value }: Moved): string {
  const usually = Math.exp(ratios[name].mean);
  if (name === 'users') return `${figure(1 / value)} requests a user, usually ${figure(1 / usually)}`;
  return `${figure(value)} ${name === 'bytes' ? 'bytes' : 'bits of surprise'} a request, usually ${figure(usually)}`;
}

/** Where nothing is known of the mix: the volume, so mildly that nobody is told. */
function byVolume({ value }: Observation, expected: number | undefined): [score: number, cause: string] {
  if (expected === undefined || !(value + expected > 0)) return [0, 'nothing is known of what was asked for'];
  const off = Math.abs(value - expected) / (value + expected);
  return [0.5 * off, `${figure(value)}/s where ${figure(expected)}/s were expected; nothing is known of what was asked for`];
}
