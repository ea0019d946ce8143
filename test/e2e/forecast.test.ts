import { type Forecast, LEVELS, type Observation, type SeriesInfo } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { beginForecasting } from '../../bench/cases/forecast/replay.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 5);
const HORIZON = [1, 2, 3, 6, 12, 24];
const seen = (values: readonly number[], start = START): Observation[] =>
  values.map((value, i) => ({ step: start + i * HOUR, value, truth: 'observed' }));

/** Three weeks of a day and a week with noise. */
function usual(weeks = 3): number[] {
  const random = new SeededRandom('usual');
  return Array.from({ length: weeks * 168 }, (_, i) => {
    const weekend = Math.floor(i / 24) % 7 > 4 ? 0.5 : 1;
    return 10 * weekend * (1.2 + Math.sin((2 * Math.PI * i) / 24)) * Math.exp(0.1 * random.normal());
  });
}

/** What the default predictors of a pool say after each observation, as the engine mixes and corrects it. */
async function forecasts(observations: readonly Observation[], start = START): Promise<Forecast[]> {
  const { stage } = beginForecasting(undefined, HOUR);
  const info: SeriesInfo = { id: 'pool:a', scope: 'pool', name: 'a', pop: '', measure: 'requests', zone: 'UTC', stepMs: HOUR, ahead: 24 };
  const series = stage.begin(info, HORIZON);
  const all = [...(await stage.forecast([series], start))];
  for (const observation of observations) {
    stage.observe(series, { ...observation });
    all.push(...(await stage.forecast([series], observation.step + HOUR)));
  }
  return all;
}

function mustBeSane({ quantiles, horizon }: Forecast): void {
  expect(quantiles).toHaveLength(horizon.length * LEVELS.length);
  for (let i = 0; i < quantiles.length; i++) {
    const value = quantiles[i] as number;
    if (!(Number.isFinite(value) && value >= 0)) throw new Error(`${value} at ${i}`);
    if (i % LEVELS.length > 0 && value < (quantiles[i - 1] as number)) throw new Error(`quantiles cross at ${i}`);
  }
}

describe("the pool's default forecast", () => {
  it('does not look ahead: what comes after an origin changes no byte of what was said before', async () => {
    const values = usual();
    const cut = 400;
    const whole = await forecasts(seen(values));
    const short = await forecasts(seen(values.slice(0, cut)));
    const other = await forecasts(seen(values.map((value, i) => (i < cut ? value : 1e6 * (1 + (i % 7))))));
    for (let origin = 0; origin <= cut; origin++) {
      expect(Buffer.from(short[origin]?.quantiles.buffer as ArrayBuffer)).toEqual(
        Buffer.from(whole[origin]?.quantiles.buffer as ArrayBuffer),
      );
      expect(other[origin]).toEqual(whole[origin]);
    }
    // The law can fail: afterwards they differ.
    expect(other.at(-1)?.quantiles).not.toEqual(whole.at(-1)?.quantiles);
  });

  it('is the same some weeks later', async () => {
    const weeks = 52 * 7 * 24 * HOUR;
    const [now, later] = [await forecasts(seen(usual())), await forecasts(seen(usual(), START + weeks), START + weeks)];
    expect(later.map(({ quantiles }) => quantiles)).toEqual(now.map(({ quantiles }) => quantiles));
  });

  it('has an answer for nothing, for one point, for a constant and for silence', async () => {
    expect((await forecasts([]))[0]?.quantiles.every((value) => value === 0)).toBe(true);
    const [, one] = await forecasts(seen([7]));
    mustBeSane(one as Forecast);
    expect(Math.abs((one?.quantiles[3] as number) - 7)).toBeLessThan(2);
    for (const constant of [12, 0]) {
      const all = await forecasts(seen(new Array(400).fill(constant)));
      for (const forecast of all) mustBeSane(forecast);
      for (let row = 0; row < HORIZON.length; row++) {
        expect(Math.abs((all.at(-1)?.quantiles[row * LEVELS.length + 3] as number) - constant)).toBeLessThan(0.02 * constant + 1e-3);
      }
    }
  });

  it('goes over gaps, of which it learns nothing, and is wider after them', async () => {
    const observations = seen(usual());
    const gap = observations.map((each, i) => (i >= 430 && i < 454 ? { ...each, value: 0, truth: 'missing' as const } : each));
    const all = await forecasts(gap);
    for (const forecast of all) mustBeSane(forecast);
    const width = ({ quantiles }: Forecast): number => Math.log((quantiles[6] as number) / (quantiles[0] as number));
    expect(width(all[454] as Forecast)).toBeGreaterThan(width(all[430] as Forecast));
    // Not as a night of zeros: the same hours a week later are forecast as if there had been no gap.
    const [with_, without] = [all.at(-1) as Forecast, (await forecasts(observations)).at(-1) as Forecast];
    for (let row = 0; row < HORIZON.length; row++) {
      const at = row * LEVELS.length + 3;
      expect(Math.abs(Math.log((with_.quantiles[at] as number) / (without.quantiles[at] as number)))).toBeLessThan(0.1);
    }
  });

  it('is of any scale: a thousandth of a request a second and a billion of them', async () => {
    const values = usual();
    const plain = (await forecasts(seen(values))).at(-1) as Forecast;
    for (const scale of [1e-4, 1e8]) {
      const all = await forecasts(seen(values.map((value) => scale * value)));
      for (const forecast of all) mustBeSane(forecast);
      for (let row = 0; row < HORIZON.length; row++) {
        const at = row * LEVELS.length + 3;
        expect(Math.abs(Math.log((all.at(-1)?.quantiles[at] as number) / scale / (plain.quantiles[at] as number)))).toBeLessThan(0.15);
      }
    }
  });

  it('covers what it promises when the level doubles overnight, and where demand is highest', async () => {
    const values = usual(8).map((value, i) => (i >= 4 * 168 ? 2 * value : value));
    const all = await forecasts(seen(values));
    const rows = [0, 2, 4];
    const count = { shift: 0, shiftIn: 0, top: 0, topIn: 0 };
    const from = 2 * 168;
    const medians = rows.map((row) => all.slice(from, -24).map(({ quantiles }) => quantiles[row * LEVELS.length + 3] as number));
    for (const [n, row] of rows.entries()) {
      const high = [...(medians[n] as number[])].sort((a, b) => a - b)[Math.floor(0.9 * (medians[n]?.length ?? 0))] as number;
      for (let origin = from; origin + 24 < values.length; origin++) {
        const y = values[origin + (HORIZON[row] as number) - 1] as number;
        const { quantiles } = all[origin] as Forecast;
        const at = row * LEVELS.length;
        const inside = y >= (quantiles[at + 1] as number) && y <= (quantiles[at + 5] as number);
        // The three days after the first of the new level.
        if (origin >= 4 * 168 + 24 && origin < 4 * 168 + 96) {
          count.shift++;
          if (inside) count.shiftIn++;
        }
        if ((quantiles[at + 3] as number) >= high) {
          count.top++;
          if (inside) count.topIn++;
        }
      }
    }
    expect(count.topIn / count.top).toBeGreaterThan(0.7);
    expect(count.topIn / count.top).toBeLessThan(0.92);
    expect(count.shiftIn / count.shift).toBeGreaterThan(0.7);
  });
});
