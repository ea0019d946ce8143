import type { Alert } from '@auspex/contracts';

/** How loud an alert is, in one word: its severity, or that it is over. */
export type Tone = Alert['severity'] | 'resolved';

const TONES: readonly Tone[] = ['page', 'warning', 'info', 'resolved'];

export const toneOf = ({ status, severity }: Alert): Tone => (status === 'resolved' ? 'resolved' : severity);

/** How many there are of each, the loudest first: `1 page, 2 warning, 1 resolved`. */
export function countText(alerts: readonly Alert[]): string {
  return TONES.map((tone) => [alerts.filter((alert) => toneOf(alert) === tone).length, tone] as const)
    .filter(([count]) => count > 0)
    .map(([count, tone]) => `${count} ${tone}`)
    .join(', ');
}
