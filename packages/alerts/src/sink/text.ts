/** What ends a line or is no text; and what turns the direction of a line, by which one can be made to read as another. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu;

/** A text as one line: nothing in it begins another line, a header or a log record. */
export function oneLine(text: string): string {
  return text.replace(UNPRINTABLE, ' ').trim();
}

/** At most `most` UTF-16 units; what is cut ends in `…`, and no character is cut in two. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const head = text.slice(0, most - 1);
  return `${/[\ud800-\udbff]$/.test(head) ? head.slice(0, -1) : head}…`;
}

/** Epoch ms as ISO 8601 in UTC. */
export const iso = (at: number): string => new Date(at).toISOString();

/** `pool=web rule=surge`, by name. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => oneLine(`${name}=${value}`))
    .join(' ');
}

/**
 * JSON whose texts are whole: half a surrogate pair, as a cut name may end in, becomes U+FFFD. `JSON.stringify` writes it as an escape, which many
 * parsers refuse together with all the rest (RFC 8259, 8.2).
 */
export function jsonOf(value: object): string {
  return JSON.stringify(value).replace(/\\(?:\\|ud[89a-f][0-9a-f]{2})/g, (found) => (found === '\\\\' ? found : '\\ufffd'));
}
