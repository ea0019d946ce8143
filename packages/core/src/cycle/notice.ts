import { AuspexError, formatDuration } from '@auspex/contracts';
import { stamp } from '../persistence/keys.ts';
import type { Trained } from './training.ts';

/** What the journal says of a training; undefined where it found nothing better and failed in nothing. */
export function noticeOf({ name, at, series, late, artifact, error, next }: Trained): { code: string; text: string } | undefined {
  const from = `what was before ${stamp(at)}`;
  const after = late > 0 ? `, ${formatDuration(late)} later than declared` : '';
  if (artifact) return { code: 'TRAINED', text: `${name}: new weights from ${series} series, from ${from}${after}` };
  if (error === undefined) return undefined;
  const why = error instanceof AuspexError ? `${error.code}: ${error.message}` : error instanceof Error ? error.message : String(error);
  const again = Number.isFinite(next) ? `; it is trained again from ${stamp(next)} on` : '';
  return { code: 'TRAINING_FAILED', text: `${name}: no new weights from ${from}${after} (${why}): the old weights stay${again}` };
}
