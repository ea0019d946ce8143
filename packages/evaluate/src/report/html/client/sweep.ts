/** The dots of a sweep: overload on a root scale, so that half a percent can be told from none beside forty. */
export const SWEEP = String.raw`
const SPLITS = [0, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 50, 75, 100];
/** Leaves out ticks whose labels would touch. */
function apart(values, high, height) {
  let last = -Infinity;
  return values.filter((value) => {
    const at = Math.sqrt(value / high) * height * 0.8;
    if (at - last < 15) return false;
    last = at;
    return true;
  });
}
function sweepChart() {
  const host = $('sweep-chart');
  if (!host) return undefined;
  const { points, goal } = data.sweep;
  const costs = points.map((point) => point.cost);
  const only = (holds) => points.map((point) => (holds(point) ? point.overload : null));
  const dot = (label, color, size, full) => ({
    label, stroke: css(color), paths: () => null, points: { show: true, size, width: 1.5, stroke: css(color), fill: full ? css(color) : css('--bg') },
  });
  const edge = (color) => ({ stroke: css(color), width: 1.4, dash: [5, 4], spanGaps: true, points: { show: false } });
  let shown = -1;
  host.replaceChildren();
  const u = new uPlot({
    width: Math.max(260, host.clientWidth - 12), height: window.innerWidth < 620 ? 300 : 420, legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false }, x: false, y: false },
    scales: {
      x: { time: false, range: (self, low, high) => [0, high * 1.04] },
      y: { distr: 100, fwd: Math.sqrt, bwd: (value) => value * value, range: (self, low, high) => [0, Math.max(1, high) * 1.08] },
    },
    axes: [
      { stroke: css('--dim'), grid: { stroke: css('--line'), width: 1 }, ticks: { stroke: css('--line'), width: 1 }, font: '12px system-ui, sans-serif', label: 'cost (unit-hours x price)', labelSize: 22, labelFont: '12px system-ui, sans-serif', values: (self, splits) => splits.map(number) },
      { stroke: css('--dim'), grid: { stroke: css('--line'), width: 1 }, ticks: { stroke: css('--line'), width: 1 }, font: '12px system-ui, sans-serif', label: 'requests in overloaded steps, %', size: 58, labelSize: 22, labelFont: '12px system-ui, sans-serif',
        splits: (self, axis, low, high) => apart(SPLITS.filter((value) => value <= high), high, self.height), filter: (self, splits) => splits, values: (self, splits) => splits.map(number) },
    ],
    series: [{ label: 'cost' }, edge('--c1'), edge('--c0'), dot('HPA', '--c1', 7, false), dot('Auspex', '--c0', 9, true)],
    hooks: {
      drawClear: [(self) => {
        if (goal == null) return;
        const pen = self.ctx, y = self.valToPos(goal, 'y', true);
        pen.save();
        pen.strokeStyle = css('--dim');
        pen.setLineDash([2, 4]);
        pen.beginPath();
        pen.moveTo(self.bbox.left, y);
        pen.lineTo(self.bbox.left + self.bbox.width, y);
        pen.stroke();
        pen.restore();
      }],
      draw: [(self) => {
        if (shown < 0) return;
        const pen = self.ctx, ratio = devicePixelRatio || 1;
        pen.save();
        pen.strokeStyle = css('--fg');
        pen.lineWidth = 2 * ratio;
        pen.beginPath();
        pen.arc(self.valToPos(points[shown].cost, 'x', true), self.valToPos(points[shown].overload, 'y', true), 8 * ratio, 0, 2 * Math.PI);
        pen.stroke();
        pen.restore();
      }],
      setCursor: [(self) => {
        const { left, top } = self.cursor;
        if (left < 0) return;
        let nearest = -1, least = 40 * 40;
        points.forEach((point, i) => {
          const far = (self.valToPos(point.cost, 'x') - left) ** 2 + (self.valToPos(point.overload, 'y') - top) ** 2;
          if (far < least) { least = far; nearest = i; }
        });
        show(nearest);
      }],
    },
  }, [costs, only((p) => p.kind === 'hpa' && p.edge), only((p) => p.kind === 'auspex' && p.edge), only((p) => p.kind === 'hpa'), only((p) => p.kind === 'auspex')], host);
  function show(index) {
    if (index === shown) return;
    shown = index;
    $('sweep-tip').textContent = index < 0 ? '' : points[index].text;
    u.redraw(false);
  }
  host.onkeydown = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    show(shown < 0 ? (by > 0 ? 0 : points.length - 1) : Math.min(Math.max(shown + by, 0), points.length - 1));
  };
  return u;
}
`;
