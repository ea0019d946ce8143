/** What stands in the journal in place of a group's name. */
export const FORGOTTEN = '(forgotten)';

/** Fields that never hold a group, whatever they are equal to. */
const OTHERS: ReadonlySet<string> = new Set([
  'type',
  'pool',
  'pop',
  'key',
  'by',
  'tier',
  'code',
  'stage',
  'plugin',
  'status',
  'truth',
  'version',
  'configHash',
  'stateHash',
]);
/** Names shorter than this are words of many texts: they are taken for the group only where texts are known to name one. */
const DISTINCT = 3;
const BEFORE = /[\s,;:("'[]$/;
const AFTER = /^[\s,;:.)@"'\]]/;

/** Takes a group's name out of values of the journal. */
export class Redaction {
  readonly #group: string;

  constructor(group: string) {
    this.#group = group;
  }

  /** The value without the name; the same where it does not hold it. */
  of<T>(value: T, field = ''): T {
    if (typeof value === 'string') return (OTHERS.has(field) ? value : this.#text(value)) as T;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      const list = value.map((each) => this.of(each, field));
      return (list.some((each, i) => each !== value[i]) ? list : value) as T;
    }
    let changed = false;
    const entries = Object.entries(value).map(([name, each]) => {
      const to = [name === this.#group ? FORGOTTEN : name, this.of(each, name)] as const;
      changed ||= to[0] !== name || to[1] !== each;
      return to;
    });
    return changed ? (Object.fromEntries(entries) as T) : value;
  }

  /** The whole of it, or the name as a word of its own. */
  #text(text: string): string {
    const group = this.#group;
    if (text === group) return FORGOTTEN;
    let out = '';
    let from = 0;
    for (let at = text.indexOf(group); at >= 0; at = text.indexOf(group, from)) {
      const end = at + group.length;
      const named = this.#isName(text.slice(Math.max(0, at - 7), at), text.slice(end, end + 8));
      out += text.slice(from, named ? at : end) + (named ? FORGOTTEN : '');
      from = end;
    }
    return from === 0 ? text : out + text.slice(from);
  }

  #isName(before: string, after: string): boolean {
    if ((before !== '' && !BEFORE.test(before)) || (after !== '' && !AFTER.test(after))) return false;
    if (this.#group.length >= DISTINCT) return true;
    // As the bundled stages write: `of group NAME`, `NAME 43 %`, `NAME@pop`, `"NAME"`.
    return before.endsWith('group ') || after.startsWith('@') || /^ \d+ %/.test(after) || (before.endsWith('"') && after.startsWith('"'));
  }
}
