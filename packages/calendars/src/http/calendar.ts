import type { Calendar, CalendarEvent, PluginContext } from '@auspex/contracts';
import { Client } from '../copies/client.ts';
import { shown } from '../copies/config.ts';
import { keyOf, RemoteCopy } from '../copies/remote.ts';
import { planOf } from '../json/calendar.ts';
import { bounded, inOrder, type Plan } from '../plan/plan.ts';
import type { HttpCalendarOptions } from './config.ts';

/** Windows that are held at once, and that one question may need. */
const MOST_HELD = 64;
/** A copy of a window that is so many windows past is of no use after a restart. */
const PAST = 2;

/** Asks an API what is planned, a window of time at once. */
export class HttpCalendar implements Calendar {
  readonly #options: HttpCalendarOptions;
  readonly #context: PluginContext;
  readonly #client: Client;
  /** By the number of the window; in the order in which they were asked for last. */
  readonly #windows = new Map<number, RemoteCopy<Plan>>();

  /** @throws AuspexError CONFIG_INVALID when a variable that holds a secret is empty */
  constructor(options: HttpCalendarOptions, context: PluginContext) {
    this.#options = options;
    this.#context = context;
    this.#client = new Client('http-calendar', options, 'application/json');
  }

  async between(from: number, to: number): Promise<readonly CalendarEvent[]> {
    const { window, whole } = this.#options;
    const [first, last] = bounded(from, to);
    if (whole) return (await this.#copy(0).value()).between(first, last);
    const begin = Math.floor(first / window);
    const end = Math.min(last, (begin + MOST_HELD) * window);
    const found: CalendarEvent[] = [];
    // One after the other: a long question must not become a burst.
    for (let number = begin; number * window < end; number++) {
      const plan = await this.#copy(number).value();
      // Of what comes again an answer may hold more than its window; the rest is the next one's to say.
      found.push(...plan.between(Math.max(first, number * window), Math.min(end, (number + 1) * window)));
    }
    return inOrder(found);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#windows.values()].map((copy) => copy.close()));
  }

  #copy(number: number): RemoteCopy<Plan> {
    const held = this.#windows.get(number) ?? this.#open(number);
    this.#windows.delete(number);
    this.#windows.set(number, held);
    for (const [old, copy] of this.#windows) {
      if (this.#windows.size <= MOST_HELD) break;
      this.#windows.delete(old);
      void copy.close();
    }
    return held;
  }

  #open(number: number): RemoteCopy<Plan> {
    const { fromParam, toParam, window, whole, zone } = this.#options;
    const url = new URL(this.#options.url);
    if (!whole) {
      url.searchParams.set(fromParam, new Date(number * window).toISOString());
      url.searchParams.set(toParam, new Date((number + 1) * window).toISOString());
    }
    const parse = (text: string): Plan => planOf(text, shown(url), 'http-calendar', zone, this.#context);
    const key = `${keyOf('http', this.#options.url)}/${String(number).padStart(6, '0')}`;
    // The whole plan is one copy without a date.
    if (!whole) void this.#forgetPast();
    return new RemoteCopy({ client: this.#client, url, key, parse, access: this.#options, context: this.#context });
  }

  /** Copies of windows that are long past would be kept for ever. */
  async #forgetPast(): Promise<void> {
    const { store, clock } = this.#context;
    const prefix = `${keyOf('http', this.#options.url)}/`;
    const oldest = Math.floor(clock.now() / this.#options.window) - PAST;
    try {
      const past: string[] = [];
      for await (const [key] of store.scan(prefix)) if (Number(key.slice(prefix.length)) < oldest) past.push(key);
      if (past.length > 0) await store.batch(past.map((key) => ({ type: 'delete', key })));
    } catch {
      // Without a store there is nothing to forget.
    }
  }
}
