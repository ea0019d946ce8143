/** Up to here a surprise is the score's tail probability itself; what is beyond is drawn together, so that doubles still tell it apart. */
const PLAIN = 6;
/** Most that is added to `PLAIN`, and the surprise beyond it that adds half of that. */
const ROOM = 6;
const HALF = 20;

/**
 * The score of a surprise, which is -log10 of a tail probability: 1 - p, so that .9999 is what one step of ten thousand reaches. Strictly
 * rising, below 1: from p = 1e-6 on the order is kept, and p is no longer what it says.
 */
export function scoreOf(surprise: number): number {
  if (!(surprise > 0)) return 0;
  const beyond = surprise - PLAIN;
  const told = beyond > 0 ? PLAIN + (ROOM * beyond) / (beyond + HALF) : surprise;
  return 1 - 10 ** -told;
}

/** The surprise of a score, as `scoreOf` made it; of any other detector's 1 - p. */
export function surpriseOf(score: number): number {
  const told = Math.min(PLAIN + ROOM - 1e-3, -Math.log10(Math.max(1e-300, 1 - score)));
  const beyond = told - PLAIN;
  return Math.max(0, beyond > 0 ? PLAIN + (HALF * beyond) / (ROOM - beyond) : told);
}
