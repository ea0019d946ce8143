/** The command was used wrongly: one sentence says what is wrong, and how it is right. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

export function wrongUse(message: string): WrongUse {
  return new WrongUse(message);
}

/** Whoever was asked went away. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}
