/** Builds the charts and keeps them in step with the controls, the window and the colour scheme. */
export const PAGE = String.raw`
const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3], [12, 4], [4, 2], [1, 2], [10, 2, 2, 2]];
let charts = [];
function demandChart(pool) {
  const time = times(pool);
  const chosen = data.runs.map((_, run) => run).filter((run) => $('run-' + run).checked);
  const need = column(pool, 0, 'demand');
  const series = [when, line('need', css('--need'), { width: 0.8, paths: HOLD, fill: css('--need-fill') })];
  const columns = [time, need];
  for (const run of chosen.slice().reverse()) {
    series.push(line(data.runs[run].label, css('--c' + (run % 8)), { paths: HOLD, width: run === 0 ? 2.2 : 1.5, dash: DASHES[run % 8] }));
    columns.push(column(pool, run, 'supply') || []);
  }
  const probability = column(pool, 0, 'probability'), censored = column(pool, 0, 'censored');
  const bands = [
    { spans: spans(probability, (p) => p > 0.3 && p <= 0.7), fill: css('--surge1') },
    { spans: spans(probability, (p) => p > 0.7), fill: css('--surge2') },
    { spans: spans(censored, (c) => c === 1), fill: hatch() },
  ];
  return make($('demand-chart'), 'units', series, columns, { drawClear: [shading(bands, time, data.pools[pool].step)] });
}
function fanChart(pool) {
  const host = $('fan-chart');
  const run = data.runs.findIndex((_, index) => column(pool, index, 'median'));
  $('fan').hidden = run < 0;
  if (run < 0) { host.replaceChildren(); return undefined; }
  const time = times(pool);
  const color = css('--c0');
  const edge = { width: 0.6, dash: [3, 3] };
  const series = [when, line('actual', css('--need'), { width: 1 }), line('p90', color, edge), line('p10', color, edge), line('median', color, { width: 1.8 })];
  const columns = [time, column(pool, run, 'rate'), column(pool, run, 'high'), column(pool, run, 'low'), column(pool, run, 'median')];
  const censored = [{ spans: spans(column(pool, run, 'censored'), (c) => c === 1), fill: hatch() }];
  return make(host, 'rate a second', series, columns, { drawClear: [shading(censored, time, data.pools[pool].step)] }, [{ series: [2, 3], fill: css('--band') }]);
}
function draw() {
  for (const chart of charts) chart.destroy();
  const pool = Number($('pool').value);
  charts = (data.pools.length === 0 ? [] : [demandChart(pool), fanChart(pool)]).concat(sweepChart()).filter(Boolean);
  document.documentElement.dataset.pool = data.pools[pool] ? data.pools[pool].pool : '';
}
$('pool').addEventListener('change', draw);
for (const box of document.querySelectorAll('[id^="run-"]')) box.addEventListener('change', draw);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
let width = window.innerWidth;
window.addEventListener('resize', () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  draw();
});
draw();
`;
