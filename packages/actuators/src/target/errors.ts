/** The target says no, and asking again will not help: a quota, another owner, a name that is not there. Becomes a receipt `refused`. */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** Where somebody else has set the target: how long it is theirs, epoch ms. */
  readonly leftUntil: number | undefined;

  constructor(message: string, options: ErrorOptions & { leftUntil?: number } = {}) {
    super(message, options);
    this.leftUntil = options.leftUntil;
  }
}

/** The target did not answer, or says that it may later: asked again, within the patience. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  /** Milliseconds that the target asks to be left alone (`Retry-After`). */
  readonly after: number;

  constructor(message: string, options: ErrorOptions & { after?: number } = {}) {
    super(message, options);
    this.after = options.after ?? 0;
  }
}

/** Somebody else wrote between our read and our write: read again, then write. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}
