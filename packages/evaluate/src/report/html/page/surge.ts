import { figure } from '../../../metrics/catalogue.ts';
import type { SurgeAssessment } from '../../../surge/assess.ts';
import type { ReliabilityBin } from '../../../surge/reliability.ts';
import { surgeLines } from '../../surge.ts';
import { escapeHtml } from '../escape.ts';

const SIZE = 360;
const LEFT = 54;
const BOTTOM = 46;
const TOP = 12;
const WIDTH = LEFT + SIZE + 16;
const HEIGHT = TOP + SIZE + BOTTOM;

/** How good the surge probabilities were, with a reliability diagram where that can be said. */
export function surgeSection(surge: SurgeAssessment): string {
  const lines = surgeLines(surge).map((line) => `<p>${escapeHtml(line.trim())}</p>`);
  const chart = surge.assessable
    ? `${diagram(surge.reliability)}<p class="small">Each dot holds about as many steps; the bar is what it would be on other days, 95 of 100 times. On the line, what was said is what came.</p>`
    : '';
  return `<section id="surges"><h2>Surge probabilities</h2>${lines.join('')}${chart}</section>`;
}

/** What was said against how often it came, as a drawing that needs no script. */
function diagram(bins: readonly ReliabilityBin[]): string {
  const top = Math.min(1, Math.max(0.1, ...bins.flatMap(({ said, came, high }) => [said, came, Number.isFinite(high) ? high : 0])) * 1.05);
  const x = (p: number): number => LEFT + (SIZE * p) / top;
  const y = (p: number): number => TOP + SIZE - (SIZE * p) / top;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * top);
  const grid = ticks.map(
    (p) =>
      `<path class="grid" d="M${n(x(p))} ${TOP}V${TOP + SIZE}M${LEFT} ${n(y(p))}H${LEFT + SIZE}"/><text class="tick" x="${n(x(p))}" y="${TOP + SIZE + 17}" text-anchor="middle">${figure(p, 2)}</text><text class="tick" x="${LEFT - 7}" y="${n(y(p) + 4)}" text-anchor="end">${figure(p, 2)}</text>`,
  );
  const dots = bins.map((bin) => {
    const text = `said ${figure(bin.from, 3)} to ${figure(bin.to, 3)}, came ${figure(bin.came, 3)} (${figure(bin.low, 3)} to ${figure(bin.high, 3)}) in ${figure(bin.count, 0)} steps`;
    const bar = Number.isFinite(bin.low)
      ? `<path class="bar" d="M${n(x(bin.said))} ${n(y(bin.low))}V${n(y(Math.min(bin.high, top)))}"/>`
      : '';
    return `${bar}<circle class="dot c0" cx="${n(x(bin.said))}" cy="${n(y(bin.came))}" r="5"><title>${escapeHtml(text)}</title></circle>`;
  });
  return `<div class="scroll plain" tabindex="0" role="region" aria-label="Reliability"><svg id="reliability" class="scatter reliability" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Surge probability said against share of surges that came">
${grid.join('')}<path class="join c7" d="M${x(0)} ${y(0)}L${n(x(top))} ${n(y(top))}"/>${dots.join('')}
<text class="axis" x="${LEFT + SIZE / 2}" y="${HEIGHT - 8}" text-anchor="middle">Probability said</text>
<text class="axis" transform="translate(13 ${TOP + SIZE / 2}) rotate(-90)" text-anchor="middle">Share that came</text></svg></div>`;
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}
