import { readFile, stat } from 'node:fs/promises';
import { AuspexError, type Calendar, type CalendarEvent, defineCalendar } from '@auspex/contracts';
import { z } from 'zod';

const options = z.strictObject({
  file: z.string().min(1).describe('JSON file with a list of events. It is read again when it has changed.'),
});

const DAY = 86_400_000;

/** An event as it stands in the file. */
const planned = z
  .strictObject({
    id: z.string().min(1),
    name: z.string().min(1),
    start: z.iso.datetime({ offset: true }),
    end: z.iso.datetime({ offset: true }),
    /** It comes again after so many days of 24 hours. */
    everyDays: z.int().positive().optional(),
    groups: z.array(z.string().min(1)).optional(),
    category: z.string().optional(),
    /** Expected relative rise of demand: 0.5 = half as much again. */
    impact: z.number(),
  })
  .refine(({ start, end }) => Date.parse(end) > Date.parse(start), { error: 'it ends before it has begun', path: ['end'] });

type Planned = z.output<typeof planned>;

/** Reads events, once or repeated, from a file. */
class FileCalendar implements Calendar {
  readonly #file: string;
  #changed = Number.NaN;
  #plan: readonly Planned[] = [];

  constructor({ file }: z.output<typeof options>) {
    this.#file = file;
  }

  /** Events that overlap [from, to), in order of start. Asked for step by step, in windows that cut events in two. */
  async between(from: number, to: number): Promise<readonly CalendarEvent[]> {
    await this.#read();
    return this.#plan.flatMap((one) => [...occurrences(one, from, to)]).sort((a, b) => a.start - b.start || (a.id < b.id ? -1 : 1));
  }

  async #read(): Promise<void> {
    try {
      const { mtimeMs } = await stat(this.#file);
      if (mtimeMs === this.#changed) return;
      this.#plan = z.array(planned).parse(JSON.parse(await readFile(this.#file, 'utf8')));
      this.#changed = mtimeMs;
    } catch (error) {
      const message = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
      throw new AuspexError('PLUGIN_FAILED', message, { path: this.#file, cause: error, remedy: 'Correct the file of the calendar.' });
    }
  }
}

/** The occurrences of an event that overlap [from, to), each with an id of its own. */
function* occurrences(
  { id, start: first, end: firstEnd, everyDays, ...rest }: Planned,
  from: number,
  to: number,
): Generator<CalendarEvent> {
  const [start, length] = [Date.parse(first), Date.parse(firstEnd) - Date.parse(first)];
  const every = everyDays === undefined ? Number.POSITIVE_INFINITY : everyDays * DAY;
  // The first that is not over at `from`.
  let n = Number.isFinite(every) ? Math.max(0, Math.floor((from - start - length) / every) + 1) : 0;
  for (;;) {
    const begin = n === 0 ? start : start + n * every;
    if (begin >= to) return;
    const own = everyDays === undefined ? id : `${id}@${new Date(begin).toISOString()}`;
    if (begin + length > from) yield { ...event(rest), id: own, start: begin, end: begin + length };
    if (everyDays === undefined) return;
    n++;
  }
}

/** What is not said is left out. */
function event({
  name,
  groups,
  category,
  impact,
}: Pick<Planned, 'name' | 'groups' | 'category' | 'impact'>): Omit<CalendarEvent, 'id' | 'start' | 'end'> {
  return { name, impact, ...(groups === undefined ? {} : { groups }), ...(category === undefined ? {} : { category }) };
}

/** The calendar `__ID__`. */
export const __VALUE__ = defineCalendar({
  id: '__ID__',
  summary: 'Reads events, once or repeated, from a JSON file.',
  config: options,
  // The file is read by `between`.
  create: (given) => new FileCalendar(given),
});
