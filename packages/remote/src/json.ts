import { AuspexError } from '@auspex/contracts';

/**
 * Validated options as JSON text.
 *
 * @throws AuspexError `CONFIG_INVALID` naming the first option that JSON does not hold: a function, a Map, a date, NaN
 */
export function asJson(options: unknown, who: string): string {
  const found = foreign(options, 'with');
  if (found === undefined) return JSON.stringify(options) ?? '{}';
  throw new AuspexError('CONFIG_INVALID', `${found} cannot be sent to a process of its own: it is not JSON`, {
    path: who,
    remedy: 'Give it as text, numbers, lists and objects, or run the plugin inline.',
  });
}

/** Path of the first value that would not be the same after JSON, with what it is. */
function foreign(value: unknown, path: string): string | undefined {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${path} (${value})`;
  if (typeof value !== 'object') return `${path} (a ${typeof value})`;
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  if (!plain) return `${path} (a ${value.constructor?.name ?? 'value'})`;
  for (const [key, part] of Object.entries(value)) {
    if (part === undefined && Array.isArray(value)) return `${path}.${key} (undefined in a list)`;
    const found = foreign(part, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
