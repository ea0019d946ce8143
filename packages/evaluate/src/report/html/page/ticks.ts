/** About `count` round numbers over [0, top], the last at or above `top`: steps of 1, 2 or 5 times a power of ten. */
export function ticks(top: number, count = 5): number[] {
  const raw = (top > 0 ? top : 1) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw) as number) * power;
  const last = Math.ceil((top > 0 ? top : 1) / step - 1e-9);
  return Array.from({ length: last + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}
