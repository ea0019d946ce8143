/** Surprise from which something has begun. */
const BEGINS = 4;
/** Deviation at which the forecast is met again, and the steps of it after which all is over. */
const MET = 2;
const CALM = 5;
/** Steps after which what is there is a level of its own, and its end something new; for as many nothing begins then, so that it is learnt. */
const LONGEST = 240;
/** How much one step moves the level before. */
const FOLLOWS = 0.2;

/** Something that has begun: what was there before, so that its end is known for a return. */
export interface Episode {
  /** Logarithm of the rate before it; NaN = not known. */
  before: number;
  /** Is there one; up or down, and how far at most. */
  open: boolean;
  sign: number;
  far: number;
  steps: number;
  calm: number;
  /** Steps in which nothing begins. */
  rest: number;
}

export function noEpisode(): Episode {
  return { before: Number.NaN, open: false, sign: 0, far: 0, steps: 0, calm: 0, rest: 0 };
}

/**
 * Is this step the way back from what has begun? Forecasts follow an incident, so that its end is as far from them as its begin; but to come back to where one was
 * before is no news.
 *
 * @param log logarithm of the rate
 */
export function isReturn(episode: Episode, log: number, deviation: number): boolean {
  const { open, before, sign, far } = episode;
  return open && deviation * sign < 0 && Math.abs(log - before) <= far / 2;
}

/** Follows what has begun; asked after the step was scored. */
export function follow(episode: Episode, log: number, deviation: number, surprise: number): void {
  if (!episode.open) {
    episode.rest = Math.max(0, episode.rest - 1);
    if (surprise >= BEGINS && episode.rest === 0 && !Number.isNaN(episode.before)) {
      Object.assign(episode, { open: true, sign: Math.sign(deviation), far: Math.abs(log - episode.before), steps: 0, calm: 0 });
      return;
    }
    episode.before = Number.isNaN(episode.before) ? log : episode.before + FOLLOWS * (log - episode.before);
    return;
  }
  episode.steps++;
  episode.far = Math.max(episode.far, Math.abs(log - episode.before));
  const isBack = Math.abs(log - episode.before) <= episode.far / 2;
  episode.calm = isBack && Math.abs(deviation) < MET ? episode.calm + 1 : 0;
  if (episode.calm >= CALM || episode.steps >= LONGEST)
    Object.assign(episode, noEpisode(), { rest: episode.steps >= LONGEST ? LONGEST : 0 });
}
