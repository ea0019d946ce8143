/** A value with typed arrays turned into arrays, maps into objects, and numbers that JSON does not have into null. */
export function toJSON(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (value === null || typeof value !== 'object') return value;
  if (ArrayBuffer.isView(value))
    return Array.from(value as unknown as ArrayLike<number>, (entry) => (Number.isFinite(entry) ? entry : null));
  if (Array.isArray(value)) return value.map(toJSON);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined).map(([name, entry]) => [String(name), toJSON(entry)]));
}

/** A report as JSON text: the full traces, nothing rounded. */
export function reportJson(report: object, indent?: number): string {
  return JSON.stringify(toJSON(report), undefined, indent);
}
