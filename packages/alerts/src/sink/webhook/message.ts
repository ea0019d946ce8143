import type { Alert } from '@auspex/contracts';
import { iso } from '../text.ts';

/** The body of a message: type, time and data, as Standard Webhooks recommends. Times are ISO 8601 in UTC. */
export interface Message {
  readonly type: 'alert.firing' | 'alert.resolved';
  /** Of the step that it tells of. */
  readonly timestamp: string;
  readonly data: {
    /** The same for every message of one cause. */
    readonly fingerprint: string;
    /** The same for every attempt and repeat of this message. */
    readonly key: string;
    readonly status: Alert['status'];
    readonly severity: Alert['severity'];
    readonly summary: string;
    readonly details: readonly string[];
    readonly startsAt: string;
    /** Only where it is resolved. */
    readonly endsAt?: string;
    readonly labels: Readonly<Record<string, string>>;
  };
}

export function messageOf({ fingerprint, key, status, severity, summary, details = [], step, startsAt, endsAt, labels }: Alert): Message {
  return {
    type: `alert.${status}`,
    timestamp: iso(step),
    data: {
      ...{ fingerprint, key, status, severity, summary, details },
      startsAt: iso(startsAt),
      ...(endsAt !== undefined && { endsAt: iso(endsAt) }),
      labels,
    },
  };
}
