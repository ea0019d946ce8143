import { formatDuration } from '@auspex/contracts';
import type { Metrics } from './all.ts';

/** How a metric is named, explained and written. */
export interface MetricEntry {
  readonly key: keyof Metrics;
  /** Column head, in plain words. */
  readonly label: string;
  readonly symbol?: string;
  readonly explain: string;
  readonly format: (value: number) => string;
}

const percent = (value: number): string => figure(value, 2);
/** Hours and money: decimals only while they matter. */
const large = (value: number): string => figure(value, value >= 1000 ? 0 : 1);

/** The one list of metrics, in the order in which reports show them. Lower is better for each. */
export const METRICS: readonly MetricEntry[] = [
  { key: 'overload', label: 'Overload %', explain: 'requests in steps with fewer units ready than needed', format: percent },
  {
    key: 'longestMs',
    label: 'Longest',
    explain: 'longest overload in one pool',
    format: (ms) => (Number.isFinite(ms) ? formatDuration(ms) : '-'),
  },
  { key: 'longestSteps', label: 'Longest, steps', explain: 'the same in steps', format: (value) => figure(value, 0) },
  { key: 'lost', label: 'Lost %', explain: 'requests beyond 100 % use of the ready units', format: percent },
  { key: 'unitHours', label: 'Unit-hours', explain: 'hours of all ordered units', format: large },
  { key: 'cost', label: 'Cost', explain: 'ordered unit-hours times their price', format: (value) => figure(value, value >= 1000 ? 0 : 2) },
  { key: 'overHours', label: 'Idle hours', explain: 'unit-hours ready above need', format: large },
  { key: 'shortHours', label: 'Short hours', explain: 'unit-hours needed above what was ready', format: large },
  { key: 'thetaU', label: 'Under %', symbol: 'θU', explain: 'mean share of the need that was missing', format: percent },
  { key: 'thetaO', label: 'Over %', symbol: 'θO', explain: 'mean excess relative to the need', format: percent },
  { key: 'tauU', label: 'Time under %', symbol: 'τU', explain: 'share of time with too few units', format: percent },
  { key: 'tauO', label: 'Time over %', symbol: 'τO', explain: 'share of time with more units than needed', format: percent },
  { key: 'nu', label: 'Unsteady %', symbol: 'υ', explain: 'steps in which supply moved otherwise than need', format: percent },
];

/** A number for people: thousands separated, a fixed number of decimals, `-` where there is none. */
export function figure(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return '-';
  const [whole, rest] = value.toFixed(decimals).split('.') as [string, string?];
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return rest === undefined ? grouped : `${grouped}.${rest}`;
}
