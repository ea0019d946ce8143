import { type Kernels, makeRoom, type Rescue, type Room } from './passes.ts';

/**
 * Runs every branch of the passes once, on a few made-up rows. A compiler that has not seen a branch leaves it out, and throws its code away when that branch is
 * first taken, which on a long sequence can be for good.
 */
export function exercise({ lattice, gaussian }: Kernels, states: number): void {
  const rows = 12;
  const room = makeRoom(rows, states);
  const start = new Float64Array(states).fill(1 / states);
  const transition = new Float64Array(states * states).fill(1 / states);
  const means = new Float64Array(states);
  const variances = new Float64Array(states).fill(1);
  const [first, moves, statistics] = [new Float64Array(states), new Float64Array(states * states), new Float64Array(3 * states)];
  // Ordinary, not observed, so small that a product leaves its range, and out of range.
  const values = Float64Array.of(0.5, Number.NaN, 14, 14, 14, 1, 1000, 0, Number.NaN, 2, 14, 0.1);
  // Two of them, since each sequence brings its own.
  const rescues: readonly Rescue[] = [(t) => even(room, t, states, 1), (t) => even(room, t, states, 2)];
  for (const rescue of rescues) {
    gaussian.forward(values, rows, start, transition, means, variances, room, rescue);
    gaussian.backward(values, rows, transition, means, room, first, moves, statistics);
    for (let t = 0; t < rows; t++) room.emissions.fill(t === 6 ? 0 : t % 4 === 2 ? 1e-60 : 1, t * states, (t + 1) * states);
    lattice.forward(rows, start, transition, room, rescue);
    lattice.backward(rows, transition, room, first, moves);
  }
}

function even({ emissions, alphas, scales }: Room, t: number, states: number, scale: number): number {
  emissions.fill(1, t * states, (t + 1) * states);
  alphas.fill(1 / states, t * states, (t + 1) * states);
  scales[t] = scale;
  return -1.5;
}
