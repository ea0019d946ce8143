import { createHash } from 'node:crypto';
import type { Alert } from '@auspex/contracts';
import { cut, iso, oneLine } from '../text.ts';

/* https://developer.pagerduty.com/docs/send-alert-event; an event may have 512 KB. */

/** Of PagerDuty's own fields. */
const SUMMARY = 1_024;
const DEDUP_KEY = 255;
/** Of ours in `custom_details`, so that an event stays far below what is taken. */
const MOST_DETAILS = 100;
const DETAIL = 1_000;
const WHOLE_SUMMARY = 20_000;

const SEVERITIES = { page: 'critical', warning: 'warning', info: 'info' } as const;

export interface PagerdutyEvent {
  readonly event_action: 'trigger' | 'resolve';
  /** The fingerprint, so that the end of a cause closes what its begin has opened. */
  readonly dedup_key: string;
  readonly client: 'Auspex';
  readonly payload: {
    readonly summary: string;
    readonly source: string;
    readonly severity: 'critical' | 'warning' | 'info';
    readonly timestamp: string;
    readonly component?: string;
    readonly group?: string;
    readonly class?: string;
    readonly custom_details: Readonly<Record<string, unknown>>;
  };
}

/** @param source Default: what the alert is about. */
export function eventOf(alert: Alert, source?: string): PagerdutyEvent {
  const { fingerprint, key, status, severity, summary, details = [], step, startsAt, endsAt, labels } = alert;
  const { pool, group, rule } = labels;
  const line = oneLine(summary);
  const short = cut(line, SUMMARY);
  return {
    event_action: status === 'resolved' ? 'resolve' : 'trigger',
    dedup_key: dedupKey(fingerprint),
    client: 'Auspex',
    payload: {
      summary: short || fingerprint,
      source: source ?? (pool || group || 'auspex'),
      severity: SEVERITIES[severity],
      timestamp: iso(step),
      ...(pool && { component: pool }),
      ...(group && { group }),
      ...(rule && { class: rule }),
      custom_details: {
        ...{ fingerprint, key, startsAt: iso(startsAt) },
        ...(endsAt !== undefined && { endsAt: iso(endsAt) }),
        labels,
        ...(short !== line && { summary: cut(line, WHOLE_SUMMARY) }),
        ...(details.length > 0 && { details: details.slice(0, MOST_DETAILS).map((each) => cut(oneLine(each), DETAIL)) }),
      },
    },
  };
}

/** A fingerprint that is too long keeps its begin, and the hash of all of it. */
function dedupKey(fingerprint: string): string {
  if (fingerprint.length <= DEDUP_KEY) return fingerprint;
  const hash = createHash('sha256').update(fingerprint).digest('hex');
  return `${cut(fingerprint, DEDUP_KEY - hash.length)}${hash}`;
}
