import type { UsageEvent } from '@auspex/contracts';
import { cached } from '../cached.ts';
import type { GroupRule } from './config.ts';
import { readTable } from './table.ts';

/** Gives a name to an event; '' when the event does not tell. */
export type Rule = (event: UsageEvent) => string;

type Field = 'user' | 'accessLevel' | 'country' | 'feature' | 'pop' | 'resource';

/** @throws AuspexError when a lookup table cannot be read */
export function compileRule(rule: GroupRule): Rule {
  if ('pathPrefix' in rule) {
    const prefix = cached((path) => pathPrefix(path, rule.pathPrefix));
    return (event) => (event.resource === undefined ? '' : prefix(event.resource));
  }
  if ('hostSuffix' in rule) {
    const suffix = cached((host) => hostSuffix(host, rule.hostSuffix));
    return (event) => (event.ip ? suffix(event.ip) : '');
  }
  const read = reader(rule.field);
  if (!('lookup' in rule)) return read;
  const table = readTable(rule.lookup);
  const missing = rule.default ?? '';
  return (event) => {
    const key = read(event);
    return key === '' ? missing : (table.get(key) ?? missing);
  };
}

/** A reader of its own for each field: `event[name]` would look the name up for every event. */
function reader(field: Field): Rule {
  switch (field) {
    case 'user':
      // Where nobody signed in, a log's user is the client's address: that is not a name to keep.
      return (event) => (event.user === undefined || event.user === event.ip ? '' : event.user);
    case 'accessLevel':
      return (event) => event.accessLevel ?? '';
    case 'country':
      return (event) => event.country ?? '';
    case 'feature':
      return (event) => event.feature ?? '';
    case 'pop':
      return (event) => event.pop;
    case 'resource':
      return (event) => event.resource ?? '';
  }
}

/** `/a/b/c` with 2 is `/a/b`; fewer segments give what is there; nothing gives `/`. */
export function pathPrefix(path: string, segments: number): string {
  const parts = path.split('/').filter((part) => part !== '');
  return `/${parts.slice(0, segments).join('/')}`;
}

/** The last labels of a host name in lower case; `ip` for numeric addresses. */
export function hostSuffix(host: string, labels: number): string {
  if (host.includes(':') || /^\d+(\.\d+){3}$/.test(host)) return 'ip';
  const parts = host
    .toLowerCase()
    .split('.')
    .filter((part) => part !== '');
  return parts.slice(-labels).join('.');
}

/** `/users/17/posts/3` with 3 is `/users/:id/posts`. */
export function template(path: string, segments: number): string {
  const parts = path.split('/').filter((part) => part !== '');
  const kept = parts.slice(0, segments).map((part) => (/^\d+$/.test(part) ? ':id' : part));
  return `/${kept.join('/')}`;
}
