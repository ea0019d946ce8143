import { glob } from '../config/glob.ts';

/** Alerts that nobody is told of for a time. Times in epoch ms; absent = without begin, without end. */
export interface Silence {
  readonly match: Readonly<Record<string, string>>;
  readonly from?: number;
  readonly to?: number;
}

/** Is an alert with these labels silent at `at` (epoch ms)? */
export type Silenced = (labels: Readonly<Record<string, string>>, at: number) => boolean;

/** All silences as one question. A label that is named and absent matches nothing. */
export function silencesOf(silences: readonly Silence[]): Silenced {
  const compiled = silences.map(({ match, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }) => ({
    labels: Object.entries(match).map(([label, pattern]) => [label, glob([pattern])] as const),
    from,
    to,
  }));
  return (labels, at) =>
    compiled.some(
      (silence) =>
        at >= silence.from &&
        at < silence.to &&
        silence.labels.every(([label, matches]) => labels[label] !== undefined && matches(labels[label])),
    );
}
