import type { IncomingHttpHeaders } from 'node:http';
import { AuspexError, type UsageEvent } from '@auspex/contracts';
import { z } from 'zod';
import { eventReader, ndjsonParser, type ParseEvent } from '../ndjson/index.ts';
import { linesOf, Refusal } from './body.ts';
import type { HttpOptions } from './config.ts';

/** What a body held. */
export interface Read {
  readonly events: UsageEvent[];
  /** Records that could not be read: their number in the body, from 1, their text, and why. */
  readonly malformed: { readonly line: number; readonly reason: string; readonly text: string }[];
}

type Make = (record: unknown, time?: unknown) => UsageEvent | string;

/** A CloudEvent (CNCF CloudEvents 1.0.2, JSON format); attributes beyond these are kept. */
const envelope = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string().min(1),
  source: z.string().min(1),
  type: z.string().min(1),
  time: z.string().optional(),
});

const NDJSON = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines']);
const TYPES = 'application/x-ndjson, application/json, application/cloudevents+json or application/cloudevents-batch+json';

/** Reads bodies in all their formats into events. */
export class BodyReader {
  readonly #line: ParseEvent;
  readonly #record: Make;

  /** @throws AuspexError ZONE_UNKNOWN */
  constructor(options: Pick<HttpOptions, 'fields' | 'zone' | 'unit'>) {
    this.#line = ndjsonParser(options);
    this.#record = eventReader(options);
  }

  /** @throws Refusal 415 for a format that is not read, 400 for a body that is no JSON */
  read(body: Buffer, headers: IncomingHttpHeaders): Read {
    const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (NDJSON.has(type)) return this.#lines(body);
    if (type === 'application/json') {
      // Binary content mode: the attributes are headers, the body is the data.
      if (headers['ce-specversion'] !== undefined) return this.#all([{ ...attributes(headers), data: json(body) }], this.#cloudEvent);
      const value = json(body);
      return this.#all(Array.isArray(value) ? value : [value], this.#plain);
    }
    if (type === 'application/cloudevents+json') return this.#all([json(body)], this.#cloudEvent);
    if (type === 'application/cloudevents-batch+json') {
      const value = json(body);
      if (!Array.isArray(value)) throw new Refusal(400, 'a batch of CloudEvents is a JSON array');
      return this.#all(value, this.#cloudEvent);
    }
    throw new Refusal(415, `content-type ${type || 'is missing and'} is not read: send ${TYPES}`);
  }

  #lines(body: Buffer): Read {
    const { text, ascii } = linesOf(body);
    const read: Read = { events: [], malformed: [] };
    let line = 0;
    for (let from = 0; from < text.length; ) {
      const newline = text.indexOf('\n', from);
      const to = newline > from && text.charCodeAt(newline - 1) === 13 ? newline - 1 : newline;
      line++;
      if (to > from) {
        const [start, end] = [from, to];
        this.#add(
          read,
          line,
          () => this.#line(text, start, end, ascii),
          () => text.slice(start, Math.min(end, start + 300)),
        );
      }
      from = newline + 1;
    }
    return read;
  }

  #all(records: readonly unknown[], make: Make): Read {
    const read: Read = { events: [], malformed: [] };
    for (const [i, record] of records.entries()) {
      this.#add(
        read,
        i + 1,
        () => make(record),
        () => textOf(record),
      );
    }
    return read;
  }

  #add(read: Read, line: number, make: () => UsageEvent | string, text: () => string): void {
    let event: UsageEvent | string;
    try {
      event = make();
    } catch (error) {
      // A local time and no zone: of a sender that is one bad record, not the end of the source.
      if (!(error instanceof AuspexError)) throw error;
      event = error.message;
    }
    if (typeof event === 'string') read.malformed.push({ line, reason: event, text: text() });
    else read.events.push(event);
  }

  readonly #plain: Make = (record) => this.#record(record);

  readonly #cloudEvent: Make = (record) => {
    const parsed = envelope.safeParse(record);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      return `no CloudEvent 1.0: ${issue?.path.join('.') || 'record'}: ${issue?.message}`;
    }
    const { data, data_base64: binary, ...ce } = parsed.data;
    if (binary !== undefined) return 'the data of the CloudEvent is binary';
    if (data !== undefined && (typeof data !== 'object' || data === null || Array.isArray(data))) {
      return 'the data of the CloudEvent is no JSON object';
    }
    return this.#record({ ...(data as object | undefined), ce }, ce.time);
  };
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new Refusal(400, `the body is no valid JSON (${(cause as Error).message})`);
  }
}

/** The `ce-` headers under their attribute names. */
function attributes(headers: IncomingHttpHeaders): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (name.startsWith('ce-') ? [[name.slice(3), value]] : [])));
}

/** A record for the log, as latin1 like the lines. One that is nested too deep to be written is not shown. */
function textOf(record: unknown): string {
  try {
    return Buffer.from((JSON.stringify(record) ?? '').slice(0, 300)).toString('latin1');
  } catch {
    return '';
  }
}
