/** Time after which the level of ordinary steps counts half, ms. */
const MEMORY = 1_200_000;
/** Time in which a forecast learns half of a new level, ms. */
const FORECAST = 3 * 86_400_000;
/** Ordinary steps before anything is a surge where nothing is expected. */
const FEWEST = 10;
/** So many times the usual deviation are beyond noise. */
const NOISE = 3;
/** So many times what is known of the noise is the most that one step shows of it: the first step of a surge must not hide the second. */
const MOST = 25;
/** Within a surge the expected rate may rise by as much an hour: a morning is let through, a forecast that follows the surge is not. */
const AN_HOUR = 1.5;
/** And may fall to this share of what it was when the surge began: of nothing anything would be a surge. */
const LEAST = 0.1;
/** Share of the way to a surge above which one that has begun goes on. */
const GOES_ON = 0.5;

/** How much the series usually does. Rates a second. Data. */
export interface Level {
  steps: number;
  mean: number;
  /** Variance of an ordinary step's amount over its mean: 1 of independent requests, more of pages with pictures. */
  dispersion: number;
  /** How far the mean counts beside the forecast, 0..1: wholly once a long surge has become usual, less and less as days give the forecast time to learn it. */
  accepted: number;
}

export function beginLevel(): Level {
  return { steps: 0, mean: 0, dispersion: 1, accepted: 0 };
}

/** The rate that would be there without a surge; undefined = not known. */
export function baseOf(level: Level, expected: number | undefined): number | undefined {
  if (expected === undefined || !Number.isFinite(expected)) return level.steps < FEWEST ? undefined : level.mean;
  return Math.max(expected, level.accepted * level.mean);
}

/** The same while a surge lasts. @param anchor the base when it began @param lasted ms */
export function baseDuring(anchor: number, expected: number | undefined, lasted: number): number {
  const grown = anchor * AN_HOUR ** (lasted / 3_600_000);
  // Where nothing is expected the day itself may rise as much.
  return expected === undefined || !Number.isFinite(expected) ? grown : Math.max(LEAST * anchor, Math.min(expected, grown));
}

/** Is the rate a surge: `ratio` times the base, and more than noise makes of it? */
export function isSurge(level: Level, value: number, base: number, ratio: number, stepMs: number): boolean {
  const [amount, usual] = [(value * stepMs) / 1000, Math.max(1, (base * stepMs) / 1000)];
  return amount >= ratio * usual && amount - usual >= NOISE * Math.sqrt(usual * Math.max(1, level.dispersion));
}

/** Does a surge that has begun go on? */
export function goesOn(value: number, base: number, ratio: number): boolean {
  return value >= base * (1 + GOES_ON * (ratio - 1));
}

/** Learns an ordinary step. */
export function learnLevel(level: Level, value: number, base: number | undefined, stepMs: number): void {
  const seconds = stepMs / 1000;
  if (base !== undefined && level.steps > 0) {
    const usual = Math.max(1, base * seconds);
    const weight = Math.max(1 - 0.5 ** (1 / 60), 1 / (level.steps + 1));
    level.dispersion = Math.max(
      0.1,
      level.dispersion + weight * (Math.min(MOST * level.dispersion, (value * seconds - usual) ** 2 / usual) - level.dispersion),
    );
  }
  const weight = Math.max(1 - 0.5 ** (stepMs / MEMORY), 1 / (level.steps + 1));
  level.mean += weight * (value - level.mean);
  level.accepted *= 0.5 ** (stepMs / FORECAST);
  level.steps++;
}
