/** Something that a person should know. */
export interface Alert {
  /** Stable over repeats of the same cause, so that receivers can de-duplicate. */
  readonly fingerprint: string;
  readonly severity: 'info' | 'warning' | 'page';
  readonly summary: string;
  readonly step: number;
  readonly labels: Readonly<Record<string, string>>;
}
