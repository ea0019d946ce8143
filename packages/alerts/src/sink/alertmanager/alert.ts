import type { Alert } from '@auspex/contracts';
import { iso } from '../text.ts';
import type { AlertmanagerOptions } from './config.ts';

/** As `POST /api/v2/alerts` takes it: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml, `postableAlert`. */
export interface PostableAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL?: string;
}

/** @param now epoch ms, from which a firing alert holds for `holdsFor` */
export function postable(
  alert: Alert,
  { holdsFor, labels, generatorUrl }: Pick<AlertmanagerOptions, 'holdsFor' | 'labels' | 'generatorUrl'>,
  now: number,
): PostableAlert {
  const { summary, details, status, startsAt, endsAt, step } = alert;
  const end = status === 'resolved' ? (endsAt ?? step) : now + holdsFor;
  return {
    labels: labelsOf(alert, labels),
    annotations: { summary, ...(details?.length && { description: details.join('\n') }) },
    startsAt: iso(startsAt),
    // One that ends before it begins is refused.
    endsAt: iso(Math.max(end, startsAt)),
    ...(generatorUrl !== undefined && { generatorURL: generatorUrl }),
  };
}

/**
 * What Alertmanager tells alerts apart by: the same for every message of a fingerprint. Names are those that every version takes,
 * `[a-zA-Z_][a-zA-Z0-9_]*`; one that another has already gets `_` added.
 */
export function labelsOf({ fingerprint, severity, labels }: Alert, further: Readonly<Record<string, string>> = {}): Record<string, string> {
  const found = new Map([
    ['alertname', labels['rule'] || 'auspex'],
    ['severity', severity],
    ['fingerprint', fingerprint],
    ...Object.entries(further),
  ]);
  for (const [given, value] of Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))) {
    let name = given.replace(/[^a-zA-Z0-9_]/gu, '_').replace(/^(?=\d|$)/, '_');
    while (found.has(name)) name += '_';
    found.set(name, value);
  }
  return Object.fromEntries(found);
}
