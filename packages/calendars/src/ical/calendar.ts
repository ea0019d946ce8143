import type { Calendar, CalendarEvent, PluginContext } from '@auspex/contracts';
import { Client } from '../copies/client.ts';
import { FileCopy } from '../copies/file.ts';
import { keyOf, RemoteCopy } from '../copies/remote.ts';
import { Complaints } from '../plan/complaints.ts';
import { inOrder, Plan } from '../plan/plan.ts';
import type { IcalOptions } from './config.ts';
import { readCalendar } from './read.ts';
import { Rules } from './rules.ts';

/** Reads what is planned from iCalendar files and feeds. */
export class IcalCalendar implements Calendar {
  readonly #copies: readonly { value(): Promise<Plan> }[];
  readonly #remote: readonly RemoteCopy<Plan>[];

  /** @throws AuspexError CONFIG_INVALID when a variable that holds a secret is empty */
  constructor(options: IcalOptions, context: PluginContext) {
    const rules = new Rules(options);
    const parse = (path: string) => (text: string) => planOf(text, path, options, rules, context);
    const client = options.urls.length > 0 ? new Client('ical', options, 'text/calendar, */*;q=0.1') : undefined;
    this.#remote = options.urls.map((text) => {
      const url = new URL(text.replace(/^webcals?:/, 'https:'));
      return new RemoteCopy({
        client: client as Client,
        url,
        key: keyOf('ical', url.href),
        parse: parse(`${url.host}/…`),
        access: options,
        context,
      });
    });
    const files = options.files.map((file) => new FileCopy(file, options.maxSize, parse(file), context.logger));
    this.#copies = [...files, ...this.#remote];
  }

  async between(from: number, to: number): Promise<readonly CalendarEvent[]> {
    const plans = await Promise.all(this.#copies.map((copy) => copy.value()));
    return inOrder(plans.flatMap((plan) => plan.between(from, to)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#remote.map((copy) => copy.close()));
  }
}

function planOf(text: string, path: string, { zone }: IcalOptions, rules: Rules, context: PluginContext): Plan {
  const complaints = new Complaints('ical', context);
  const { planned, events } = readCalendar(text, path, zone, rules, complaints);
  context.logger.info({ calendar: path, events, planned: planned.length, bad: complaints.count }, 'a calendar was read');
  return new Plan(planned, ({ id }, error) => complaints.bad(`${path} (UID ${id.slice(0, 80)})`, error.message));
}
