import { createHash } from 'node:crypto';
import { AuspexError, formatDuration, type Store } from '@auspex/contracts';
import { labelProblem } from '../config/alerts.ts';
import { KEYS } from '../persistence/keys.ts';

/** An operator's silence, kept in the store beside a running engine. Times in epoch ms. */
export interface OrderedSilence {
  readonly id: string;
  /** Labels of the alerts that it covers; * in a value stands for any text. */
  readonly match: Readonly<Record<string, string>>;
  readonly until: number;
  readonly made: number;
  readonly by: string;
  readonly reason: string;
}

/** Longest that a silence may last: what nobody remembers must end by itself. */
const LONGEST_MS = 7 * 86_400_000;

/**
 * Writes a silence, in place of those that are over; the engine takes it up at its next step.
 * @throws AuspexError SUPPORT where it covers everything, or nothing since no alert has its label, has no end ahead of it, or lasts too long
 */
export async function setSilence(store: Store, given: Omit<OrderedSilence, 'id'>): Promise<OrderedSilence> {
  const lasts = given.until - given.made;
  if (!(lasts > 0 && lasts <= LONGEST_MS)) {
    throw new AuspexError('SUPPORT', `a silence lasts longer than nothing and at most ${formatDuration(LONGEST_MS)}`, {
      remedy: 'Say it again when it is over, or write it into the config.',
    });
  }
  checkMatch(given.match);
  const id = createHash('sha256')
    .update(JSON.stringify([given.match, given.made, given.by]))
    .digest('hex')
    .slice(0, 6);
  const silence = { id, ...given };
  const over = (await readSilences(store)).filter(({ until, id: other }) => until <= given.made && other !== id);
  await store.batch([
    { type: 'put', key: KEYS.silence(id), value: new TextEncoder().encode(JSON.stringify(silence)) },
    ...over.map(({ id: other }) => ({ type: 'delete', key: KEYS.silence(other) }) as const),
  ]);
  return silence;
}

function checkMatch(match: OrderedSilence['match']): void {
  const refuse = (message: string, remedy: string, path?: string): never => {
    throw new AuspexError('SUPPORT', message, { remedy, ...(path === undefined ? {} : { path }) });
  };
  const labels = Object.entries(match);
  if (labels.length === 0) refuse('a silence names a label', 'Say which alerts: rule=anomaly, pool=web.');
  for (const [label] of labels) {
    const problem = labelProblem(label);
    if (problem !== undefined) refuse(problem, 'Name one that alerts have: rule=anomaly, pool=web.', label);
  }
  if (labels.every(([, pattern]) => /^\*+$/.test(pattern)))
    refuse('it would cover everything', 'Say which alerts, of one label at least: rule=anomaly, pool=web.');
}

/** Ends a silence; returns it, or undefined where there was none. */
export async function endSilence(store: Store, id: string): Promise<OrderedSilence | undefined> {
  const bytes = await store.get(KEYS.silence(id));
  if (!bytes) return undefined;
  await store.batch([{ type: 'delete', key: KEYS.silence(id) }]);
  return decode(bytes);
}

/** All silences of a store, those that are over too. One that cannot be read is none. */
export async function readSilences(store: Pick<Store, 'scan'>): Promise<OrderedSilence[]> {
  const silences: OrderedSilence[] = [];
  for await (const [, bytes] of store.scan(KEYS.silences)) {
    const silence = decode(bytes);
    if (silence) silences.push(silence);
  }
  return silences;
}

function decode(bytes: Uint8Array): OrderedSilence | undefined {
  try {
    const silence = JSON.parse(new TextDecoder().decode(bytes)) as OrderedSilence;
    const ends = silence.until > silence.made && silence.until - silence.made <= LONGEST_MS;
    const named = Object.values(silence.match).length > 0 && Object.values(silence.match).every((each) => typeof each === 'string');
    return ends && named ? silence : undefined;
  } catch {
    return undefined;
  }
}
