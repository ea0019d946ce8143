import { AuspexError } from '@auspex/contracts';

/** A component's own text, and the line at which it begins. */
export interface Block {
  readonly text: string;
  readonly line: number;
}

export interface Split {
  readonly zones: readonly Block[];
  readonly events: readonly Block[];
  /** What the calendar says its zone is. */
  readonly zone: string | undefined;
}

/**
 * Takes a calendar apart, so that an event that cannot be read is alone in that.
 *
 * @throws AuspexError SOURCE_FAILED for what is no iCalendar file, is one of another version, or is cut off
 */
export function split(text: string, path: string): Split {
  const zones: Block[] = [];
  const events: Block[] = [];
  const open: { readonly name: string; readonly line: number }[] = [];
  let own: string[] | undefined;
  let zone: string | undefined;
  const lines = text.split(/\r\n|\n|\r/);
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const [, what, raw = ''] = /^(BEGIN|END):(.*)$/i.exec(line) ?? [];
    const name = raw.trim().toUpperCase();
    if (open.length === 0 && !(what?.toUpperCase() === 'BEGIN' && name === 'VCALENDAR')) throw noCalendar(line, `${path}:${i + 1}`);
    own?.push(line);
    if (what === undefined) {
      if (open.length === 1) {
        const [property, value = ''] = line.split(/:(.*)/s);
        const said = property?.split(';')[0]?.toUpperCase();
        if (said === 'VERSION' && value.trim() !== '2.0') throw wrongVersion(value.trim(), `${path}:${i + 1}`);
        if (said === 'X-WR-TIMEZONE') zone ??= value.trim();
      }
    } else if (what.toUpperCase() === 'BEGIN') {
      if (open.length === 1) own = [line];
      open.push({ name, line: i + 1 });
    } else {
      const begun = open.pop();
      if (begun?.name !== name) throw cutOff(`END:${name} where ${begun?.name} (line ${begun?.line}) is to end`, `${path}:${i + 1}`);
      if (open.length === 1 && own) {
        const block = { text: own.join('\r\n'), line: begun.line };
        if (name === 'VEVENT') events.push(block);
        if (name === 'VTIMEZONE') zones.push(block);
        own = undefined;
      }
    }
  }
  const left = open.at(-1);
  if (left) throw cutOff(`${left.name}, begun at line ${left.line}, does not end`, path);
  return { zones, events, zone };
}

const REMEDY = 'Export it anew as iCalendar (.ics, RFC 5545).';

function noCalendar(line: string, path: string): AuspexError {
  const html = /^\s*<(?:!doctype|html)/i.test(line);
  const what = html ? 'this is a web page' : `this is no iCalendar file: "${line.trim().slice(0, 60)}" is no BEGIN:VCALENDAR`;
  return new AuspexError('SOURCE_FAILED', what, {
    path,
    remedy: html ? 'Give the address of the feed (.ics), as the calendar’s settings show it.' : REMEDY,
  });
}

function wrongVersion(version: string, path: string): AuspexError {
  return new AuspexError('SOURCE_FAILED', `it is of version "${version.slice(0, 20)}"; only 2.0 can be read`, { path, remedy: REMEDY });
}

function cutOff(what: string, path: string): AuspexError {
  return new AuspexError('SOURCE_FAILED', `it is damaged or cut off: ${what}`, { path, remedy: REMEDY });
}
