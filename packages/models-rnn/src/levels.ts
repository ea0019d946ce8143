import { LEVELS } from '@auspex/contracts';

/** Where asked levels lie among the head's: the column to the left and the share of the one to its right. */
export interface Columns {
  readonly left: Uint8Array;
  readonly share: Float64Array;
}

function logit(p: number): number {
  return Math.log(p / (1 - p));
}

const LOGITS = LEVELS.map(logit);

/** Levels between two of the head's are interpolated on the logit scale, those outside carried on along the outermost two. */
export function columnsOf(levels: readonly number[]): Columns {
  const left = new Uint8Array(levels.length);
  const share = new Float64Array(levels.length);
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] as number;
    let column = 0;
    while (column < LEVELS.length - 2 && level >= (LEVELS[column + 1] as number)) column++;
    left[i] = column;
    // The head's own levels come out as they are, without the rounding of two logarithms.
    if (level === LEVELS[column]) continue;
    const low = LOGITS[column] as number;
    share[i] = level === LEVELS[column + 1] ? 1 : (logit(level) - low) / ((LOGITS[column + 1] as number) - low);
  }
  return { left, share };
}
