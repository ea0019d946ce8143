/** What both charts share: axes, shading, hatching, zoom by keyboard. */
export const CHART = String.raw`
const utc = (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC');
const number = (value) => (value == null ? '-' : Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3))));
const HOLD = uPlot.paths.stepped({ align: 1 });
function hatch() {
  const tile = document.createElement('canvas');
  tile.width = tile.height = 8;
  const pen = tile.getContext('2d');
  pen.strokeStyle = css('--hatch');
  pen.lineWidth = 1.2;
  pen.beginPath();
  for (const x of [-8, 0, 8]) { pen.moveTo(x, 8); pen.lineTo(x + 8, 0); }
  pen.stroke();
  return pen.createPattern(tile, 'repeat');
}
/** Shades spans of steps behind the lines. bands: [{ spans, fill }]. */
function shading(bands, time, step) {
  return (u) => {
    const pen = u.ctx;
    pen.save();
    pen.beginPath();
    pen.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    pen.clip();
    const { min, max } = u.scales.x;
    for (const { spans: parts, fill } of bands) {
      pen.fillStyle = fill;
      for (const [from, to] of parts) {
        const begin = time[from], end = time[to] + step;
        if (end < min || begin > max) continue;
        const x = u.valToPos(begin, 'x', true);
        pen.fillRect(x, u.bbox.top, Math.max(1, u.valToPos(end, 'x', true) - x), u.bbox.height);
      }
    }
    pen.restore();
  };
}
/** Hours as 24-hour time, midnight as its date: the same for every reader. */
function clock(u, splits, axis, space, step) {
  return splits.map((at) => {
    const text = new Date(at * 1000).toISOString();
    return step >= 86400 || text.slice(11, 16) === '00:00' ? text.slice(5, 10) : text.slice(11, 16);
  });
}
function axes(label) {
  const base = { stroke: css('--dim'), grid: { stroke: css('--line'), width: 1 }, ticks: { stroke: css('--line'), width: 1 }, font: '12px system-ui, sans-serif' };
  return [{ ...base, space: 64, values: clock }, { ...base, label, size: 58, labelSize: 22, labelFont: '12px system-ui, sans-serif', values: (u, splits) => splits.map(number) }];
}
function make(host, label, series, columns, hooks, bands) {
  const height = window.innerWidth < 620 ? 260 : 340;
  host.replaceChildren();
  const u = new uPlot({
    width: Math.max(260, host.clientWidth - 12), height, tzDate: utc, series, axes: axes(label), bands,
    scales: { y: { range: (self, low, high) => [0, Math.max(1e-9, high) * 1.06] } },
    cursor: { drag: { x: true, y: false } }, legend: { live: true }, hooks,
  }, columns, host);
  host.onkeydown = (event) => zoomByKey(u, columns[0], event);
  return u;
}
/** Arrows move, + and - zoom, 0 shows all: what drag and double click do, for the keyboard. */
function zoomByKey(u, time, event) {
  const { min, max } = u.scales.x;
  const first = time[0], last = time[time.length - 1], width = max - min, middle = (min + max) / 2;
  const set = (from, to) => {
    event.preventDefault();
    const span = Math.min(to - from, last - first);
    const low = Math.min(Math.max(from, first), last - span);
    u.setScale('x', { min: low, max: low + span });
  };
  if (event.key === 'ArrowLeft') set(min - width / 5, max - width / 5);
  else if (event.key === 'ArrowRight') set(min + width / 5, max + width / 5);
  else if (event.key === '+' || event.key === '=') set(middle - width / 4, middle + width / 4);
  else if (event.key === '-') set(middle - width, middle + width);
  else if (event.key === '0' || event.key === 'Home') set(first, last);
}
const line = (label, stroke, extra) => ({ label, stroke, width: 1.6, points: { show: false }, value: (u, value) => number(value), ...extra });
const when = { value: (u, value) => (value == null ? '-' : new Date(value * 1000).toISOString().slice(0, 16).replace('T', ' ')), label: 'UTC' };
`;
