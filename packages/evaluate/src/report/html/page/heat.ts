import type { BehaviorProfile } from '@auspex/contracts';
import { figure } from '../../../metrics/catalogue.ts';
import { escapeHtml } from '../escape.ts';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
/** Strips drawn; more groups are only counted. */
const SHOWN = 12;

/** The local week of each group, an hour a cell: the darker, the nearer to the group's own busiest hour. */
export function weeklyHeat(profiles: readonly BehaviorProfile[]): string {
  const busiest = [...profiles].sort((a, b) => b.perHour - a.perHour || (a.group < b.group ? -1 : 1));
  const strips = busiest.slice(0, SHOWN).map(strip);
  const more = busiest.length > SHOWN ? `<p class="small">${busiest.length - SHOWN} quieter groups are not shown.</p>` : '';
  return `<div class="heat"><div class="heat-row heat-head" aria-hidden="true"><span></span><span class="days">${DAYS.map((day) => `<b>${day}</b>`).join('')}</span></div>${strips.join('')}</div>${more}`;
}

function strip(profile: BehaviorProfile): string {
  const top = Math.max(...profile.weekly, 0);
  const cells = profile.weekly.map((value, hour) => {
    const opacity = top > 0 ? Math.round((100 * value) / top) / 100 : 0;
    const when = `${DAYS[Math.floor(hour / 24)]} ${String(hour % 24).padStart(2, '0')}:00`;
    return `<rect x="${hour}" width="1.05" height="1" opacity="${opacity}"><title>${when}: ${figure(value, 1)} a minute</title></rect>`;
  });
  const [peak] = profile.peaks;
  const when = peak ? `, peak ${DAYS[peak.day]} ${String(peak.hour).padStart(2, '0')}:00` : '';
  const about = `${figure(profile.perMinute, 1)} a minute on average${when}, ${profile.zone}`;
  return `<div class="heat-row"><span class="heat-name"><b>${escapeHtml(profile.group)}</b><small>${escapeHtml(about)}</small></span>
<svg viewBox="0 0 168 1" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(`${profile.group}: ${about}`)}">${cells.join('')}</svg></div>`;
}
