import { AuspexError } from '@auspex/contracts';
import type { z } from 'zod';
import type { Complaints } from '../plan/complaints.ts';
import type { Planned } from '../plan/series.ts';
import { plannedEvent, plannedOf, WrongField } from './event.ts';

const REMEDY = 'Write a list of events, or an object {"events": [ … ]}.';

/** What a text of JSON plans. @throws AuspexError for what is no list as a whole */
export function readEvents(text: string, path: string, zone: string, complaints: Complaints): Planned[] {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new AuspexError('SOURCE_FAILED', `this is no JSON: ${(cause as Error).message}`, {
      path: place(text, cause as Error, path),
      remedy: REMEDY,
      cause,
    });
  }
  const list = Array.isArray(value) ? value : (value as { events?: unknown } | null)?.events;
  if (!Array.isArray(list)) throw new AuspexError('SOURCE_FAILED', 'it holds no list of events', { path, remedy: REMEDY });
  return plansOf(list, path, zone, complaints);
}

/** Those of a list that can be read. @throws AuspexError where none can */
export function plansOf(list: readonly unknown[], path: string, zone: string, complaints: Complaints): Planned[] {
  const planned = new Map<string, Planned>();
  for (const [i, one] of list.entries()) {
    const parsed = plannedEvent.safeParse(one);
    if (!parsed.success) {
      for (const { path: field, message } of parsed.error.issues.slice(0, 1))
        complaints.bad(`${path}: events[${i}]${dotted(field)}`, message);
      continue;
    }
    try {
      const made = plannedOf(parsed.data, zone);
      if (planned.has(made.id)) throw new WrongField('id', `there is another event "${made.id}"; give it an id of its own`);
      planned.set(made.id, made);
    } catch (error) {
      complaints.bad(`${path}: events[${i}]${error instanceof WrongField ? `.${error.field}` : ''}`, (error as Error).message);
    }
  }
  complaints.check(planned.size, path);
  return [...planned.values()];
}

function dotted(path: z.core.$ZodIssue['path']): string {
  return path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
}

/** File and line, where the parser says at which character it stopped. */
function place(text: string, { message }: Error, path: string): string {
  const at = /position (\d+)/.exec(message)?.[1];
  return at === undefined ? path : `${path}:${text.slice(0, Number(at)).split('\n').length}`;
}
