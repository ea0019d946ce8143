import type { Anomaly, Detector, DetectView, Hostility, Observation, SeriesInfo, Usage } from '@auspex/contracts';
import { zone } from '@auspex/numerics';
import { type Block, blockOf, emptyBlock, mergeBlocks } from './block.ts';
import type { AudienceOptions } from './config.ts';
import { type Evidence, evidenceOf, kindsOf } from './evidence.ts';
import { emptyKnown, meet, welcome } from './known.ts';
import { baseDuring, baseOf, goesOn, isSurge, learnLevel } from './level.ts';
import { type AudienceState, beginState, decodeState, type Episode, encodeState } from './state.ts';
import { isCommon, learnUsual, requestsEach } from './usual.ts';
import { judge } from './verdict.ts';
import { WEIGHTS, type Weights } from './weights.ts';

const DAY = 86_400_000;
/** Steps below the limit after which a surge is over: one quiet minute is not its end. */
const CALM = 3;
/** Ordinary steps before what is usual counts as known, whatever their length. */
const FEWEST = 10;

/** Tells, in surges, an attack from an audience. */
export class Audience implements Detector<AudienceState> {
  readonly #options: AudienceOptions;
  readonly #weights: Weights;

  constructor(options: AudienceOptions, weights: Weights = WEIGHTS) {
    this.#options = options;
    this.#weights = weights;
  }

  begin(series: SeriesInfo): AudienceState {
    return beginState(series);
  }

  /** Judges the step by what was known before it, and learns from it unless it is of a surge. */
  detect(state: AudienceState, observation: Observation, expected: number | undefined, view?: DetectView): Anomaly {
    const { step, truth, value } = observation;
    if (truth === 'missing' || truth === 'masked') return answer(state, step, 0, `the step is ${truth}`);
    this.#turnDay(state, step);
    const base = this.#follow(state, observation, expected);
    const { episode } = state;
    if (episode === undefined || episode.calm > 0) {
      // A bound teaches nothing of who was there: whom capacity shut out is not counted.
      if (truth === 'observed' && episode === undefined) this.#learn(state, value, base, step, view?.usage());
      return answer(state, step, 0, base === undefined ? 'nothing is expected yet' : 'no surge');
    }
    const usage = view?.usage();
    if (usage !== undefined) {
      const expects = (usage.offered + usage.retried) * (value > 0 ? Math.min(1, (base as number) / value) : 0);
      this.#add(episode, this.#blockOf(state, usage, expects, step));
    }
    const hostility = this.#judge(state, episode);
    episode.worst = Math.max(episode.worst, hostility.probability ?? 0);
    return { ...answer(state, step, hostility.probability ?? this.#options.prior, hostility.text), hostility };
  }

  encode(state: AudienceState): Uint8Array {
    return encodeState(state);
  }

  decode(bytes: Uint8Array): AudienceState {
    return decodeState(bytes);
  }

  /** Begins and ends surges. Returns the rate that would be there without one, where that is known. */
  #follow(state: AudienceState, { step, value }: Observation, expected: number | undefined): number | undefined {
    const { ratio, settle } = this.#options;
    const { level, stepMs } = state;
    const present = state.episode;
    if (present !== undefined) {
      const base = baseDuring(present.anchor, expected, step - present.began);
      if (step - present.began >= settle) {
        Object.assign(level, { mean: value, accepted: 1 });
        this.#end(state, present);
        return baseOf(level, expected);
      }
      present.calm = goesOn(value, base, ratio) ? 0 : present.calm + 1;
      if (present.calm < CALM) return base;
      this.#end(state, present);
    }
    const base = baseOf(level, expected);
    if (base !== undefined && isSurge(level, value, base, ratio, stepMs))
      state.episode = { began: step, anchor: base, calm: 0, newer: emptyBlock(), older: emptyBlock(), worst: 0 };
    return base;
  }

  #end(state: AudienceState, { worst, newer, older }: Episode): void {
    // Attackers who come back must not be known by then.
    if (worst < this.#options.threshold) welcome(state.known, mergeBlocks(older, newer).all);
    state.episode = undefined;
  }

  #turnDay(state: AudienceState, step: number): void {
    const day = Math.floor(zone(state.zone).toLocal(step) / DAY);
    if (day === state.known.day) return;
    // Hashes of users are others from now on: two days of one user would be two users.
    state.known = emptyKnown(day);
    state.before = undefined;
    if (state.episode) Object.assign(state.episode, { newer: emptyBlock(), older: emptyBlock() });
  }

  #learn(state: AudienceState, value: number, base: number | undefined, step: number, usage: Usage | undefined): void {
    learnLevel(state.level, value, base, state.stepMs);
    if (usage === undefined) return;
    const block = this.#blockOf(state, usage, usage.offered + usage.retried, step);
    learnUsual(state.usual, block, 0.5 ** (state.stepMs / this.#options.memory));
    meet(state.known, block.all);
  }

  #blockOf(state: AudienceState, usage: Usage, expected: number, step: number): Block {
    const before = state.before?.step === step - state.stepMs ? state.before.users : undefined;
    const block = blockOf(usage, expected, before, (resource) => isCommon(state.usual, resource), requestsEach(state.usual));
    state.before = { step, users: block.all };
    return block;
  }

  #add(episode: Episode, block: Block): void {
    if (episode.newer.steps >= this.#options.window) {
      episode.older = episode.newer;
      episode.newer = emptyBlock();
    }
    episode.newer = mergeBlocks(episode.newer, block);
  }

  #judge(state: AudienceState, episode: Episode): Hostility {
    const { prior, threshold } = this.#options;
    const block = mergeBlocks(episode.older, episode.newer);
    const missing = this.#missing(state, block);
    if (missing !== undefined) return { contributions: [], text: `a surge that is not judged: ${missing}` };
    const evidence = evidenceOf({ block, usual: state.usual, known: state.known });
    const short = this.#short(evidence);
    return short === undefined
      ? judge(evidence, this.#weights, prior, threshold)
      : { contributions: [], text: `a surge that is not judged: ${short}` };
  }

  /** What of a surge or of the time before is not known, so that it cannot be judged. */
  #missing({ usual, stepMs }: AudienceState, block: Block): string | undefined {
    const { requests, warmUp } = this.#options;
    if (block.steps === 0) return 'nothing is known of who came';
    if (usual.learnt < Math.max(FEWEST, warmUp / stepMs)) return 'too little is known of what is usual';
    const more = Math.floor(block.requests - block.expected);
    return more < requests ? `${more} requests beyond the expected ones say too little` : undefined;
  }

  #short(evidence: readonly Evidence[]): string | undefined {
    const kinds = kindsOf(evidence);
    if (kinds.length >= this.#options.evidence) return undefined;
    return `only ${kinds.length === 0 ? 'its rate is' : `${kinds.join(' and ')} are`} known of it`;
  }
}

function answer({ group, pop }: AudienceState, step: number, score: number, cause: string): Anomaly {
  return { group, pop, step, score, cause };
}
