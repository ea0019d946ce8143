const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
/** What calls a whole channel, written out, in Mattermost and Discord; Slack's own form is in angle brackets. */
const CALLS = /@(?=(channel|all|here|everyone)\b)/gi;

/**
 * A text that is shown as it is, and calls nobody: https://docs.slack.dev/messaging/formatting-message-text#escaping
 *
 * @param most UTF-16 units of the result; what is cut ends in `…`, and neither a character nor an entity is cut in two
 */
export function escaped(text: string, most: number): string {
  let result = '';
  for (const character of text.replace(CALLS, '@\u200b')) {
    const next = ENTITIES[character] ?? character;
    if (result.length + next.length <= most) result += next;
    else return `${trimmed(result, most - 1)}…`;
  }
  return result;
}

/** Without the last characters or entities, until it is short enough. */
function trimmed(text: string, most: number): string {
  let rest = text;
  while (rest.length > most) rest = rest.replace(/(?:&\w+;|.)$/su, '');
  return rest;
}
