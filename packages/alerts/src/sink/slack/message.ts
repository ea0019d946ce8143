import type { Alert } from '@auspex/contracts';
import { countText, type Tone, toneOf } from '../headline.ts';
import { iso, labelText, oneLine } from '../text.ts';
import { escaped } from './escape.ts';

/* https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments.
 * Attachments and not blocks: Mattermost, Rocket.Chat and Discord know attachments alone. The bounds are the narrowest of the four, Discord's:
 * 10 attachments, 6,000 characters in all. */

const MOST_ATTACHMENTS = 10;
const MOST_TEXT = 5_500;
const TITLE = 250;
const TEXT = 1_500;
/** Slack's for a footer. */
const FOOTER = 300;

const COLORS: Readonly<Record<Tone, string>> = { page: '#d32f2f', warning: '#f9a825', info: '#1976d2', resolved: '#2e7d32' };

export interface Attachment {
  readonly color: string;
  /** What a notification shows. */
  readonly fallback: string;
  readonly title: string;
  readonly text: string;
  /** The fingerprint. */
  readonly footer: string;
  /** Begin, epoch seconds. */
  readonly ts: number;
  /** No field is read as markup. */
  readonly mrkdwn_in: readonly string[];
}

export interface SlackMessage {
  readonly text: string;
  readonly mrkdwn: false;
  readonly attachments: readonly Attachment[];
}

/** All alerts of one send in as few messages as hold them; each is in one, in order. */
export function messagesOf(alerts: readonly Alert[]): { readonly alerts: readonly Alert[]; readonly message: SlackMessage }[] {
  const parts: { alerts: Alert[]; attachments: Attachment[]; size: number }[] = [];
  for (const alert of alerts) {
    const attachment = attachmentOf(alert);
    const size = attachment.title.length + attachment.text.length + attachment.footer.length;
    let part = parts.at(-1);
    if (!part || part.attachments.length === MOST_ATTACHMENTS || part.size + size > MOST_TEXT) {
      part = { alerts: [], attachments: [], size: 0 };
      parts.push(part);
    }
    part.alerts.push(alert);
    part.attachments.push(attachment);
    part.size += size;
  }
  return parts.map(({ alerts: told, attachments }, index) => {
    const which = parts.length === 1 ? '' : ` (${index + 1} of ${parts.length})`;
    return { alerts: told, message: { text: `Auspex: ${countText(told)}${which}`, mrkdwn: false, attachments } };
  });
}

function attachmentOf(alert: Alert): Attachment {
  const { fingerprint, summary, details = [], startsAt, endsAt, labels } = alert;
  const line = oneLine(summary);
  const head = `[${toneOf(alert)}] ${line}`;
  const lines = [
    // What the title has no room for.
    ...(head.length > TITLE ? [line] : []),
    ...details.map(oneLine),
    ...(endsAt === undefined ? [] : [`from ${iso(startsAt)} to ${iso(endsAt)}`]),
    labelText(labels),
  ].filter(Boolean);
  const title = escaped(head, TITLE);
  return {
    color: COLORS[toneOf(alert)],
    fallback: title,
    title,
    text: escaped(lines.join('\n'), TEXT),
    footer: escaped(fingerprint, FOOTER),
    ts: Math.floor(startsAt / 1_000),
    mrkdwn_in: [],
  };
}
