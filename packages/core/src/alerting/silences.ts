import { glob } from '../config/glob.ts';

/** A silence of the config. Times ISO 8601. */
export interface SilenceSettings {
  readonly match: Readonly<Record<string, string>>;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly why: string;
}

/** Is an alert with these labels silent at `at` (epoch ms)? */
export type Silenced = (labels: Readonly<Record<string, string>>, at: number) => boolean;

/** All silences of a config as one question. A label that is named and absent matches nothing. */
export function silencesOf(silences: readonly SilenceSettings[]): Silenced {
  const compiled = silences.map(({ match, from, to }) => ({
    labels: Object.entries(match).map(([label, pattern]) => [label, glob([pattern])] as const),
    from: from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from),
    to: to === undefined ? Number.POSITIVE_INFINITY : Date.parse(to),
  }));
  return (labels, at) =>
    compiled.some(
      (silence) =>
        at >= silence.from &&
        at < silence.to &&
        silence.labels.every(([label, matches]) => labels[label] !== undefined && matches(labels[label])),
    );
}
