import { utf8 } from '../lines/index.ts';
import { type EventFields, eventReader, reader } from '../ndjson/index.ts';
import type { ParseRecord } from '../records/index.ts';
import type { AuthOptions } from './config.ts';

type Record_ = Readonly<Record<string, unknown>>;

/** What a format of JSON lines knows. */
interface Format {
  /** Where the properties of an event stand. */
  readonly fields: EventFields['fields'];
  /** Where the user and the group stand when they are not there. */
  readonly otherwise?: { readonly user?: string; readonly group?: string };
  /** Did the sign-in succeed? undefined: the record is of something else. Text: it should say, and does not. */
  success(record: Record_): boolean | undefined | string;
}

const typeOf = reader('type');
const eventType = reader('eventType');
const result = reader('outcome.result');

/** Keycloak's user events, as its event listeners write them (`KC_EVENTS` as JSON). */
const KEYCLOAK: Format = {
  fields: {
    at: 'time',
    user: 'userId',
    group: 'realmName',
    feature: 'clientId',
    session: 'sessionId',
    ip: 'ipAddress',
    resource: 'details.auth_method',
  },
  otherwise: { user: 'details.username', group: 'realmId' },
  success(record) {
    const type = typeOf(record);
    if (typeof type !== 'string') return 'no type';
    return type === 'LOGIN' ? true : type === 'LOGIN_ERROR' ? false : undefined;
  },
};

/** Okta's System Log: sign-ins are `user.session.start`. */
const OKTA: Format = {
  fields: {
    at: 'published',
    user: 'actor.id',
    session: 'authenticationContext.externalSessionId',
    ip: 'client.ipAddress',
    agent: 'client.userAgent.rawUserAgent',
    feature: 'authenticationContext.credentialType',
  },
  otherwise: { user: 'actor.alternateId' },
  success(record) {
    const type = eventType(record);
    if (typeof type !== 'string') return 'no eventType';
    if (type !== 'user.session.start') return undefined;
    const said = verdict(result(record));
    return said === undefined ? 'no outcome.result that is known' : said;
  },
};

const YES: ReadonlySet<unknown> = new Set(['true', 'success', 'succeeded', 'ok', 'allow', 'allowed', 'accepted', 'sign-in', '1']);
const NO: ReadonlySet<unknown> = new Set([
  'false',
  'failure',
  'failed',
  'error',
  'deny',
  'denied',
  'rejected',
  'challenge',
  'sign-in-failure',
  '0',
]);

/** What a value says of success; undefined when nothing. */
function verdict(value: unknown): boolean | undefined {
  const text = String(value).toLowerCase();
  return YES.has(text) ? true : NO.has(text) ? false : undefined;
}

/** Any JSON lines: `success`, or the kind that an event of ours has. */
function plain(fields: AuthOptions['fields']): Format {
  const success = reader(fields.success ?? 'success');
  const kind = reader(fields.kind ?? 'kind');
  return {
    fields: {},
    success(record) {
      const said = verdict(success(record));
      if (said !== undefined) return said;
      const named = kind(record);
      if (named === 'sign-in' || named === 'sign-in-failure') return named === 'sign-in';
      return typeof named === 'string' && success(record) === undefined
        ? undefined
        : `"${fields.success ?? 'success'}" says neither success nor failure`;
    },
  };
}

/** A parser of sign-ins as JSON, one record a line. Records of other things are passed over. */
export function jsonParser(options: AuthOptions): ParseRecord {
  const { format, zone, group, pop } = options;
  const known = format === 'keycloak' ? KEYCLOAK : format === 'okta' ? OKTA : plain(options.fields);
  const { success: at, kind: _, ...fields } = options.fields;
  const own = at === undefined || format === 'ndjson' ? undefined : reader(at);
  // Under names that no record has: kind is ours to say, and an outcome is how the service fared.
  const hidden = { kind: '\0', outcome: '\0', attempt: '\0', weight: '\0', bytes: '\0' };
  const toEvent = eventReader({ fields: { ...known.fields, ...fields, ...hidden }, zone, unit: undefined });
  const otherwise = {
    user: options.fields.user === undefined && known.otherwise?.user ? reader(known.otherwise.user) : undefined,
    group: options.fields.group === undefined && known.otherwise?.group ? reader(known.otherwise.group) : undefined,
  };

  return (text, from, to, ascii) => {
    let record: Record_;
    try {
      record = JSON.parse(ascii ? text.slice(from, to) : utf8(text.slice(from, to))) as Record_;
    } catch {
      return 'no valid JSON';
    }
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return 'no JSON object';
    let success = known.success(record);
    if (typeof success === 'boolean' && own !== undefined) success = verdict(own(record)) ?? success;
    if (typeof success !== 'boolean') return success;
    const event = toEvent(record);
    if (typeof event === 'string') return event;
    event.group ||= textOf(otherwise.group?.(record)) ?? group;
    event.pop ||= pop;
    const user = event.user ?? textOf(otherwise.user?.(record));
    return Object.assign(event, { kind: success ? 'sign-in' : 'sign-in-failure', user });
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
