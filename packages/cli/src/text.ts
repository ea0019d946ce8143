/** `2026-01-31 06:00 UTC`; with seconds only where there are any. */
export function instant(at: number): string {
  const iso = new Date(at).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, at % 60_000 === 0 ? 16 : 19)} UTC`;
}

/** Three significant digits, without an exponent. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toString();
  return Number(value.toPrecision(3)).toString().includes('e') ? '0' : Number(value.toPrecision(3)).toString();
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A span as people say it: `1.4 s`, `45 s`, `12 min`, `3.5 h`, `9 days`. */
export function span(ms: number): string {
  const units = [
    ['s', 1000, 120_000],
    ['min', 60_000, 7_200_000],
    ['h', 3_600_000, 172_800_000],
    ['days', 86_400_000, Number.POSITIVE_INFINITY],
  ] as const;
  const [name, size] = units.find(([, , below]) => Math.abs(ms) < below) ?? units[3];
  return `${Number((ms / size).toFixed(ms / size < 10 ? 1 : 0))} ${name}`;
}

/** Text in lines of at most `width` characters; words that are longer stay whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  // A number stays with its sign of percent.
  for (const word of text.split(/ (?!%)/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** A text after a head, its further lines below its first. */
export function hang(head: string, text: string, width: number): string {
  return head + wrap(text, Math.max(30, width - head.length)).join(`\n${' '.repeat(head.length)}`);
}

/** Cut to `width` characters, with a mark where something is missing. */
export function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
