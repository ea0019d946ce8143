const BARS = '▁▂▃▄▅▆▇█';

/**
 * Values as one line of bars, `width` at most. Each bar is the highest value of its stretch, so that a short peak is
 * seen; a stretch without any known value is a space.
 *
 * @param top value of the highest bar
 */
export function sparkline(values: ArrayLike<number>, width: number, top: number): string {
  const bars = Math.min(width, values.length);
  let line = '';
  for (let bar = 0; bar < bars; bar++) {
    const from = Math.floor((bar * values.length) / bars);
    const to = Math.floor(((bar + 1) * values.length) / bars);
    let highest = Number.NaN;
    for (let i = from; i < to; i++)
      if (!((values[i] as number) <= highest) && !Number.isNaN(values[i] as number)) highest = values[i] as number;
    line += Number.isNaN(highest) ? ' ' : BARS[top > 0 ? Math.min(7, Math.floor((highest / top) * 7.999)) : 0];
  }
  return line;
}
