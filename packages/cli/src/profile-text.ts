import type { BehaviorProfile, Share } from '@auspex/contracts';
import { cut, figure, hang, plural, span } from './text.ts';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const SHADES = ' ░▒▓█';
/** Entries that are shown of each list. */
const SHOWN = 6;
/** Columns of a table beside the group's name. */
const BESIDE = 44;

interface Peak {
  readonly day: number;
  readonly hour: number;
}

const when = (peak: Peak): string => `${DAYS[peak.day]} ${String(peak.hour).padStart(2, '0')}:00`;

/** All groups in a line each, busiest first. */
export function profilesText(profiles: readonly BehaviorProfile[], width: number): string {
  const name = Math.min(Math.max(24, width - BESIDE), Math.max(5, ...profiles.map((each) => each.group.length)));
  const line = (group: string, rate: string, peak: string, users: string): string =>
    `${cut(group, name).padEnd(name)}  ${rate.padStart(14)}  ${peak.padEnd(11)}  ${users.padStart(11)}\n`;
  const rows = profiles.map((each) =>
    line(each.group, figure(each.perMinute), each.peaks[0] ? when(each.peaks[0]) : 'none yet', figure(each.users.today)),
  );
  return line('GROUP', `${unit(profiles[0]).toUpperCase()}/MIN`, 'PEAK', 'USERS TODAY') + rows.join('');
}

/** A profile as a person reads it: the week as a strip a day, then what is common. */
export function profileText(each: BehaviorProfile, width: number): string {
  const row = (name: string, text: string): string => hang(`  ${name.padEnd(13)}`, text, width);
  const out = [`${each.group}  (${each.zone}, ${plural(each.steps, 'step')} learnt)`];
  out.push(row('expected', `${figure(each.perMinute)} ${unit(each)}/min, ${figure(each.perHour)}/h, averaged over a week`), '');
  out.push(...week(each), '');
  if (each.peaks.length > 0) out.push(row('peaks', each.peaks.map((peak) => `${when(peak)} (${figure(peak.perMinute)}/min)`).join(', ')));
  if (each.sessions) {
    const { median, p90, perHour } = each.sessions;
    out.push(row('sessions', `half end within ${span(1000 * median)}, 90 % within ${span(1000 * p90)}; ${figure(perHour)} an hour`));
  }
  if (each.users.today + each.users.usualDay > 0)
    out.push(
      row(
        'users',
        `${figure(each.users.today)} today so far${each.users.usualDay > 0 ? `, ${figure(each.users.usualDay)} on a usual day` : '; no full day seen yet'}`,
      ),
    );
  const pops = each.pops.filter((pop) => pop.key !== '');
  for (const [name, list] of [
    ['resources', each.resources],
    ['features', each.features],
    ['countries', each.countries],
    ['levels', each.accessLevels],
    ['POPs', pops],
  ] as const)
    out.push(...shares(name, list));
  each.correlated.forEach((other, i) => {
    out.push(row(i === 0 ? 'moves with' : '', `${other.group} (r ${other.r.toFixed(2)}${lag(other.lagMs)})`));
  });
  out.push(row('sensitivity', `${figure(each.sensitivity)} (what a deviation counts; 1 at first, learnt from outcomes)`));
  return `${out.join('\n')}\n`;
}

function unit(each: BehaviorProfile | undefined): string {
  return each?.measure ?? 'requests';
}

function week(each: BehaviorProfile): string[] {
  const highest = Math.max(...each.weekly, 1e-9);
  const hours = ['00h', '06h', '12h', '18h'].map((hour) => hour.padEnd(6)).join('');
  const days = DAYS.map((day, index) => {
    const rates = each.weekly.slice(index * 24, index * 24 + 24);
    const strip = rates.map((value) => SHADES[Math.min(4, Math.ceil((4 * value) / highest))]).join('');
    return `  ${day.padEnd(13)}${strip}  up to ${figure(Math.max(...rates))}/min`;
  });
  return [`  ${'week'.padEnd(13)}${hours}`, ...days];
}

function shares(name: string, list: readonly Share[]): string[] {
  const lines = list
    .slice(0, SHOWN)
    .map((entry, index) => `  ${(index === 0 ? name : '').padEnd(13)}${`${(100 * entry.share).toFixed(1)} %`.padStart(7)}  ${entry.key}`);
  return list.length > SHOWN ? [...lines, `${' '.repeat(24)}and ${list.length - SHOWN} more`] : lines;
}

function lag(ms: number): string {
  if (ms === 0) return '';
  return ms > 0 ? `, which leads by ${span(ms)}` : `, which follows by ${span(-ms)}`;
}
