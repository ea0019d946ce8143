import type { Observation, Outcome } from '@auspex/contracts';
import { SeededRandom, zone } from '@auspex/numerics';

const DAY_MS = 86_400_000;

/** What a world is made of; every part has a default. */
export interface WorldOptions {
  /** Length of a step, milliseconds. Default 15 minutes. */
  readonly stepMs?: number;
  /** How many steps. Default 900. */
  readonly steps?: number;
  /** Mean rate, requests a second. Default 100. */
  readonly scale?: number;
  /** Equal seeds give equal worlds. Default `world`. */
  readonly seed?: string;
  /** Start of the first step, epoch ms. Default 2026-01-05T00:00:00Z, a Monday. */
  readonly start?: number;
}

/** One step of a world: what a predictor is shown of it, and what lies behind. */
export interface WorldStep extends Observation {
  /** What users wanted, requests a second, first attempts alone; `value` is less where capacity hid it. */
  readonly demand: number;
  /** Share of attempts that do not succeed, 0..1. Absent = none. */
  readonly refused?: number;
  /** How those end. */
  readonly outcome?: Exclude<Outcome, 'served'>;
}

interface Made extends Required<WorldOptions> {
  readonly random: SeededRandom;
  /** Starts of the steps, epoch ms. */
  readonly times: readonly number[];
}

function begin(options: WorldOptions): Made {
  const { stepMs = 900_000, steps = 900, scale = 100, seed = 'world', start = Date.UTC(2026, 0, 5) } = options;
  const times = Array.from({ length: steps }, (_, i) => start + i * stepMs);
  return { stepMs, steps, scale, seed, start, times, random: new SeededRandom(seed) };
}

const seen = (step: number, demand: number): WorldStep => ({ step, value: demand, truth: 'observed', demand });

/** Noise that lasts: an AR(1) whose factor stays near 1. */
function lasting(random: SeededRandom): () => number {
  let level = 0;
  return () => {
    level = 0.8 * level + 0.04 * random.normal();
    return Math.exp(level);
  };
}

/** Rate over the local day, mean 1: 0.4 at six in the evening, 1.6 at six in the morning. */
const dayShape = (local: number): number => 1 + 0.6 * Math.sin((2 * Math.PI * local) / DAY_MS);

/** The same rate always, with a noise of five per cent. */
export function steady(options: WorldOptions = {}): WorldStep[] {
  const { times, scale, random } = begin(options);
  return times.map((step) => seen(step, scale * Math.exp(0.05 * random.normal())));
}

/** A day that swings between 0.4 and 1.6 times `scale`, with noise that lasts, and now and then some hours at half as much again. */
export function daily(options: WorldOptions = {}): WorldStep[] {
  const { times, scale, random } = begin(options);
  const noise = lasting(random);
  let busy = false;
  return times.map((step) => {
    if (random.next() < (busy ? 0.03 : 0.01)) busy = !busy;
    return seen(step, scale * dayShape(step) * noise() * (busy ? 1.5 : 1));
  });
}

/** A daily world with one crowd: eight times as much from two thirds on, for a twentieth of the steps. */
export function burst(options: WorldOptions = {}): WorldStep[] {
  const world = daily(options);
  const { from, to } = middle(world.length);
  return world.map((one, i) => (i >= from && i < to ? seen(one.step, 8 * one.demand) : one));
}

/** A daily world of which every seventh step, and a twentieth of the steps from two thirds on, were not recorded. */
export function gap(options: WorldOptions = {}): WorldStep[] {
  const world = daily(options);
  const { from, to } = middle(world.length);
  return world.map((one, i) => (i % 7 === 3 || (i >= from && i < to) ? { ...one, value: 0, truth: 'missing' } : one));
}

/** A day of Europe/Berlin, whose clocks go forward (2026-03-29 01:00 UTC) in the middle of the world. `start` is not looked at. */
export function clockChange(options: WorldOptions = {}): WorldStep[] {
  const { stepMs = 900_000, steps = 900 } = options;
  const start = Date.UTC(2026, 2, 29, 1) - Math.floor(steps / 2) * stepMs;
  const { times, scale, random } = begin({ ...options, start });
  const noise = lasting(random);
  return times.map((step) => seen(step, scale * dayShape(zone('Europe/Berlin').toLocal(step)) * noise()));
}

/** Nobody comes until the middle; from there on demand grows to `scale`, by a day's shape. */
export function coldStart(options: WorldOptions = {}): WorldStep[] {
  const half = Math.floor((options.steps ?? 900) / 2);
  return daily(options).map((one, i) => seen(one.step, i < half ? 0 : (one.demand * (i - half + 1)) / half));
}

/**
 * A daily world whose service is down for a twentieth of the steps from two thirds on: nine attempts of ten fail, and what
 * is seen is a lower bound. Afterwards people come back: half as much again, which fades.
 */
export function outage(options: WorldOptions = {}): WorldStep[] {
  const world = daily(options);
  const { from, to } = middle(world.length);
  return world.map((one, i) => {
    if (i >= from && i < to) return { ...one, value: 0.1 * one.demand, truth: 'censored', refused: 0.9, outcome: 'failed' };
    return i < to ? one : seen(one.step, one.demand * (1 + 0.5 * 0.8 ** (i - to)));
  });
}

/** A daily world that is throttled for a twentieth of the steps from two thirds on: half of all attempts, and clients try again. */
export function retries(options: WorldOptions = {}): WorldStep[] {
  const world = daily(options);
  const { from, to } = middle(world.length);
  return world.map((one, i) =>
    i >= from && i < to ? { ...one, value: 0.5 * one.demand, truth: 'censored', refused: 0.5, outcome: 'throttled' } : one,
  );
}

/** Where what is special about a world lies: a twentieth of it, at least one step, from two thirds on. */
function middle(steps: number): { from: number; to: number } {
  const from = Math.floor((2 * steps) / 3);
  return { from, to: from + Math.max(1, Math.floor(steps / 20)) };
}

/** Every world by its name. */
export const WORLDS = Object.freeze({ steady, daily, burst, gap, clockChange, coldStart, outage, retries });
