import { AuspexError } from '@auspex/contracts';
import { cut, oneLine } from './text.ts';

const AGAIN = 'Nothing, where it passes: what was not delivered is sent again.';
const CORRECT = 'Correct what is named above; until then what was not delivered is sent again, and refused again.';

export interface UndeliveredOptions {
  /** Which sink, and where it was sent: `slack: https://hooks.slack.com/…`. */
  readonly path?: string;
  /** No later time makes it deliverable: somebody has to correct something. */
  readonly lasting: boolean;
  /** It lies in this one message: others may be taken. Default false. */
  readonly alone?: boolean;
  readonly cause?: unknown;
}

/** An alert that may not have arrived. The message says what happened and, where somebody has to do something, what. */
export class Undelivered extends AuspexError {
  readonly alone: boolean;

  constructor(message: string, { path, lasting, alone = false, cause }: UndeliveredOptions) {
    super('PLUGIN_FAILED', message, { remedy: lasting ? CORRECT : AGAIN, cause, ...(path === undefined ? {} : { path }) });
    this.alone = alone;
  }
}

/**
 * Sends one after the other. What is refused for what it is itself holds up none behind it, and is told at the end; any other failure ends
 * it at once, since it would be the next one's too.
 *
 * @param nameOf what to look for where one is refused
 * @throws Undelivered
 */
export async function oneByOne<T>(items: readonly T[], nameOf: (item: T) => string, send: (item: T) => Promise<void>): Promise<void> {
  const refused: { readonly name: string; readonly error: Undelivered }[] = [];
  for (const item of items) {
    try {
      await send(item);
    } catch (error) {
      if (!(error instanceof Undelivered && error.alone)) throw error;
      refused.push({ name: nameOf(item), error });
    }
  }
  const [first] = refused;
  if (!first) return;
  const names = cut(refused.map(({ name }) => oneLine(name)).join(', '), 300);
  const what = `${refused.length} of ${items.length} refused (${names}): ${first.error.message}`;
  throw new Undelivered(what, { lasting: true, alone: true, cause: first.error });
}
