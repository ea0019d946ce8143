import { AuspexError, type Calendar, type CalendarEvent, type PluginContext } from '@auspex/contracts';
import { FileCopy } from '../copies/file.ts';
import { Complaints } from '../plan/complaints.ts';
import { inOrder, Plan } from '../plan/plan.ts';
import type { JsonOptions } from './config.ts';
import { plannedOf, WrongField } from './event.ts';
import { readEvents } from './read.ts';

/** Reads what is planned from JSON files and from the config. */
export class JsonCalendar implements Calendar {
  readonly #files: readonly FileCopy<Plan>[];
  readonly #inline: Plan;

  /** @throws AuspexError CONFIG_INVALID for an event of the config that cannot be */
  constructor({ files, events, zone, maxSize }: JsonOptions, context: PluginContext) {
    const parse = (path: string) => (text: string) => planOf(text, path, 'json-calendar', zone, context);
    this.#files = files.map((file) => new FileCopy(file, maxSize, parse(file), context.logger));
    this.#inline = new Plan(
      events.map((event, i) => {
        try {
          return plannedOf(event, zone);
        } catch (error) {
          const field = error instanceof WrongField ? `.${error.field}` : '';
          throw new AuspexError('CONFIG_INVALID', (error as Error).message, { path: `json-calendar.events[${i}]${field}`, cause: error });
        }
      }),
      ({ id }, error) => new Complaints('json-calendar', context).bad(`event "${id}"`, error.message),
    );
  }

  async between(from: number, to: number): Promise<readonly CalendarEvent[]> {
    const plans = await Promise.all(this.#files.map((file) => file.value()));
    return inOrder([this.#inline, ...plans].flatMap((plan) => plan.between(from, to)));
  }
}

/** @param calendar the plugin, as the meter names it */
export function planOf(text: string, path: string, calendar: string, zone: string, context: PluginContext): Plan {
  const complaints = new Complaints(calendar, context);
  const planned = readEvents(text, path, zone, complaints);
  context.logger.info({ calendar: path, planned: planned.length, bad: complaints.count }, 'a calendar was read');
  return new Plan(planned, ({ id }, error) => complaints.bad(`${path}: event "${id}"`, error.message));
}
