import { createHash } from 'node:crypto';
import type { Alert } from '@auspex/contracts';
import { countText, toneOf } from '../headline.ts';
import { cut, iso, labelText, oneLine } from '../text.ts';
import type { Mail } from './client.ts';

const SUBJECT = 150;

/**
 * One mail of all alerts of a send. Its Message-ID follows from their keys: what is sent again is the same mail to whoever looks at that. Mails of
 * one cause refer to the same first one, so that readers put them together.
 *
 * @param now epoch ms
 */
export function mailOf(alerts: readonly [Alert, ...Alert[]], from: string, to: readonly string[], now: number): Mail {
  const [first] = alerts;
  const id = (...parts: readonly string[]): string => `<${hash(parts)}@${domainOf(from)}>`;
  const counts = alerts.length === 1 ? `[${toneOf(first)}]` : `[${countText(alerts)}]`;
  return {
    from,
    to,
    subject: cut(`${counts} ${oneLine(first.summary)}`, SUBJECT),
    text: `${alerts.map(textOf).join('\n\n')}\n`,
    messageId: id(...alerts.map(({ key }) => key)),
    references: id(first.fingerprint, String(first.startsAt)),
    date: new Date(now),
    // RFC 3834: no vacation answers it.
    headers: { 'Auto-Submitted': 'auto-generated' },
    priority: alerts.some((alert) => toneOf(alert) === 'page') ? 'high' : 'normal',
    textEncoding: 'quoted-printable',
  };
}

function textOf(alert: Alert): string {
  const { fingerprint, summary, details = [], startsAt, endsAt, labels } = alert;
  return [
    `[${toneOf(alert)}] ${oneLine(summary)}`,
    ...details.map((line) => `  ${oneLine(line)}`),
    `  since ${iso(startsAt)}${endsAt === undefined ? '' : ` until ${iso(endsAt)}`}`,
    ...(Object.keys(labels).length === 0 ? [] : [`  ${labelText(labels)}`]),
    `  fingerprint ${oneLine(fingerprint)}`,
  ].join('\n');
}

const hash = (parts: readonly string[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);

/** `example.com` of `Auspex <auspex@example.com>`. */
const domainOf = (from: string): string => /@([^\s@<>]+)>?$/.exec(from)?.[1] ?? 'auspex.invalid';
