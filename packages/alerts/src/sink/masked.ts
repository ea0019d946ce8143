const MASK = '…';
/** What a character becomes in HTML, in base64 of addresses, and in a form. */
const ALIASES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '+': '-', '/': '_', ' ': '\\+' };

/**
 * A text of the other end, which may repeat what it was sent, without the secrets: as they are, as base64, and with any of their characters escaped as
 * addresses, JSON and HTML have it.
 */
export function masked(text: string, secrets: readonly string[]): string {
  const forms = secrets.filter(Boolean).flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]);
  if (forms.length === 0) return text;
  // Of two that begin alike the longer one: nothing of it is to be left.
  const patterns = forms.sort((a, b) => b.length - a.length).map(patternOf);
  return text.replace(new RegExp(patterns.join('|'), 'gi'), MASK);
}

/** Padding may be there or not. */
function patternOf(form: string): string {
  return `${[...form.replace(/=+$/, '')].map(anyForm).join('')}${anyForm('=')}*`;
}

function anyForm(character: string): string {
  const code = character.codePointAt(0) as number;
  const literal = character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
  const percent = Buffer.from(character).toString('hex').replace(/../g, '%$&');
  const json = Array.from({ length: character.length }, (_, at) => `\\\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  );
  const html = `&#(?:0*${code}|x0*${code.toString(16)});`;
  const alias = ALIASES[character];
  return `(?:\\\\?${literal}|${percent}|${json}|${html}${alias === undefined ? '' : `|${alias}`})`;
}
