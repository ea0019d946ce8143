import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Calendar, CalendarEvent, Plugin, PluginContext } from '@auspex/contracts';
import { fakeContext, ManualClock, RecordingLogger, RecordingMeter } from '@auspex/testkit';
import { afterAll } from 'vitest';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'auspex-calendar-'));
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

export function file(name: string, content: string | Uint8Array, at = folder()): string {
  const made = path.join(at, name);
  writeFileSync(made, content);
  return made;
}

export interface Surroundings extends PluginContext {
  readonly clock: ManualClock;
  readonly logger: RecordingLogger;
  readonly meter: RecordingMeter;
  /** Messages at warn and above, with where and why. */
  complaints(): string[];
}

/** @param now of the clock; servers tell the wall's, so that those who fetch need it */
export function surroundings(given: Partial<PluginContext> = {}, now = Date.now()): Surroundings {
  const logger = new RecordingLogger();
  const context = fakeContext({ clock: new ManualClock(now), logger, meter: new RecordingMeter(), ...given }) as Surroundings;
  return {
    ...context,
    complaints: () =>
      logger.lines
        .filter(({ level }) => level === 'warn' || level === 'error')
        .map(({ fields, message }) => `${message} ${Object.values(fields).join(' ')}`),
  };
}

export function make(plugin: unknown, options: object, context: PluginContext = surroundings()): Calendar {
  const { config, create } = plugin as Plugin<'calendar'>;
  return create(config.parse(options), context);
}

/** `id start end`, in ISO without what is zero. */
export function told({ id, start, end }: CalendarEvent): string {
  const iso = (at: number): string => new Date(at).toISOString().replace(':00.000Z', 'Z');
  return `${id} ${iso(start)} ${iso(end)}`;
}

export async function between(calendar: Calendar, from: string, to: string): Promise<CalendarEvent[]> {
  return [...(await calendar.between(Date.parse(from), Date.parse(to)))];
}

export async function tell(calendar: Calendar, from: string, to: string): Promise<string[]> {
  return (await between(calendar, from, to)).map(told);
}

/** A calendar around its components, with line ends as the RFC has them. */
export function ics(...components: readonly string[]): string {
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', ...components, 'END:VCALENDAR', ''].join('\n').replaceAll('\n', '\r\n');
}

export function vevent(...lines: readonly string[]): string {
  return ['BEGIN:VEVENT', ...lines, 'END:VEVENT'].join('\n');
}

export interface Seen {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export interface Served {
  readonly url: string;
  readonly requests: Seen[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

/** A real server on this machine. */
export async function serve(answer: Served['answer']): Promise<Served> {
  const requests: Seen[] = [];
  const served = { answer };
  const server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', headers: request.headers });
    served.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  afterAll(close);
  return Object.assign(served, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close });
}

/** Waits until something is so. */
export async function until(test: () => boolean, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!test()) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
