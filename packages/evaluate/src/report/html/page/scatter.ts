import { figure } from '../../../metrics/catalogue.ts';
import type { FrontierPoint, ReplayReport } from '../../types.ts';
import { escapeHtml } from '../escape.ts';
import { ticks } from './ticks.ts';

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 62;
const RIGHT = 24;
const TOP = 18;
const BOTTOM = 48;
/** Width of a character of the labels, about, and the height of a line. */
const CHAR = 7;
const LINE = 15;

interface Placed {
  readonly point: FrontierPoint;
  readonly x: number;
  readonly y: number;
}

/** Cost against overload, a labelled dot a policy, as a drawing that needs no script. Down and left is better. */
export function scatter(report: ReplayReport): string {
  const { frontier } = report;
  if (frontier.length === 0) return '<p>No policies to compare.</p>';
  const costs = ticks(Math.max(...frontier.map((point) => point.cost)));
  const overloads = ticks(Math.max(...frontier.map((point) => point.overload)));
  const x = (cost: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * cost) / (costs.at(-1) as number);
  const y = (overload: number): number => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * overload) / (overloads.at(-1) as number);
  const placed = frontier.map((point): Placed => ({ point, x: x(point.cost), y: y(point.overload) }));
  const grid = [
    ...costs.map(
      (cost) =>
        `<path class="grid" d="M${n(x(cost))} ${TOP}V${HEIGHT - BOTTOM}"/><text class="tick" x="${n(x(cost))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${tick(cost)}</text>`,
    ),
    ...overloads.map(
      (value) =>
        `<path class="grid" d="M${LEFT} ${n(y(value))}H${WIDTH - RIGHT}"/><text class="tick" x="${LEFT - 8}" y="${n(y(value) + 4)}" text-anchor="end">${tick(value)}</text>`,
    ),
  ];
  const color = (policy: string): number =>
    Math.max(
      0,
      report.runs.findIndex((run) => run.name === policy),
    ) % 8;
  const lines = [...new Set(frontier.map((point) => point.policy))].map((policy) => {
    const own = placed.filter((entry) => entry.point.policy === policy).sort((a, b) => a.x - b.x);
    return own.length > 1
      ? `<polyline class="join c${color(policy)}" points="${own.map((entry) => `${n(entry.x)},${n(entry.y)}`).join(' ')}"/>`
      : '';
  });
  const dots = placed.map(
    ({ point, x: cx, y: cy }) =>
      `<circle class="dot c${color(point.policy)}" cx="${n(cx)}" cy="${n(cy)}" r="6"><title>${escapeHtml(describe(point))}</title></circle>`,
  );
  return `<div class="scroll plain" tabindex="0" role="region" aria-label="Cost against overload"><svg id="frontier" class="scatter" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Cost against overload: ${escapeHtml(frontier.map(describe).join('; '))}">
${grid.join('')}${lines.join('')}${dots.join('')}${labels(placed).join('')}
<text class="axis" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">Cost (unit-hours x price)</text>
<text class="axis" transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">Requests in overloaded steps, %</text>
</svg></div>`;
}

function describe({ label, cost, overload }: FrontierPoint): string {
  return `${label}: cost ${figure(cost, 1)}, overload ${figure(overload, 2)} %`;
}

/** Labels beside their dots: at the first of eight places where they cover neither a dot nor another label. */
function labels(placed: readonly Placed[]): string[] {
  const taken = placed.map(({ x, y }) => box(x - 8, y - 8, 16, 16));
  return placed.map(({ point, x, y }) => {
    const width = point.label.length * CHAR;
    const places = [0, -18, 18, -34, 34, 50, -50, 66].flatMap((dy) => [
      { x: x + 11, y: y + 4 + dy, anchor: 'start', box: box(x + 11, y + 4 + dy - 12, width, LINE) },
      { x: x - 11, y: y + 4 + dy, anchor: 'end', box: box(x - 11 - width, y + 4 + dy - 12, width, LINE) },
    ]);
    const inside = places.filter(
      (place) => place.box.left >= LEFT && place.box.right <= WIDTH - 4 && place.box.top >= 2 && place.box.bottom <= HEIGHT - BOTTOM + 8,
    );
    const free =
      inside.find((place) => taken.every((other) => apart(place.box, other))) ?? inside[0] ?? (places[0] as (typeof places)[number]);
    taken.push(free.box);
    return `<text class="label" x="${n(free.x)}" y="${n(free.y)}" text-anchor="${free.anchor}">${escapeHtml(point.label)}</text>`;
  });
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function box(left: number, top: number, width: number, height: number): Box {
  return { left, right: left + width, top, bottom: top + height };
}

function apart(a: Box, b: Box): boolean {
  return a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top;
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function tick(value: number): string {
  return figure(value, value === 0 || value >= 10 || Number.isInteger(value) ? 0 : value >= 1 ? 1 : 2);
}
