import { type CalendarEvent, type Forecast, LEVELS, type SamplePaths } from '@auspex/contracts';
import { normalQuantile, SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { pathsWithEffects, withEffects } from '../src/events/apply.ts';
import { BINS, givenShape, learntShape, logImpact, PHASES, phaseOf, stepShape, windowOf } from '../src/events/effect.ts';
import { type Belief, beginBelief, expected, learn, type Shown } from '../src/events/learn.ts';
import { decodeEvents, emptyEvents, encodeEvents } from '../src/events/state.ts';
import { beginTrack, effectAt, observe, shownBy, type Track } from '../src/events/track.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 3, 2, 18);
const show: CalendarEvent = { id: '1', name: 'Show', start: START, end: START + HOUR };
const series = { id: 'pool:web', scope: 'pool' } as const;

const shownOf = (amplitude: number, more: Partial<Shown> = {}): Shown => ({
  amplitude,
  variance: 0.01,
  phases: new Array(BINS).fill(undefined),
  bound: false,
  at: START,
  ...more,
});

/** A belief of some occurrences. */
const sure = (mean: number, more: Partial<Belief> = {}): Belief => ({
  ...beginBelief(undefined, undefined, false),
  mean,
  variance: 0.03 ** 2,
  occasion: 0.1 ** 2,
  shapeVariance: new Array<number>(BINS).fill(0.05 ** 2),
  seen: 10,
  ...more,
});

describe('the shape of an event', () => {
  const shaped: CalendarEvent = { ...show, shape: { rampMs: 30 * MINUTE, decayMs: 2 * HOUR } };

  it('rises along the ramp, is whole while it runs, and falls along the decay', () => {
    const at = (ms: number): number => givenShape(shaped, START + ms);
    expect([-HOUR, -30 * MINUTE, -15 * MINUTE, 0, HOUR - 1, 2 * HOUR, 3 * HOUR].map(at)).toEqual([0, 0, 0.5, 1, 1, 0.5, 0]);
    expect(givenShape(show, START - 1) + givenShape(show, START + HOUR)).toBe(0);
  });

  it('is looked for an hour before and after in any case, six at most', () => {
    expect(windowOf(shaped)).toEqual({ from: START - HOUR, to: START + 3 * HOUR });
    const endless = { ...show, shape: { rampMs: 90 * HOUR, decayMs: 90 * HOUR } };
    expect(windowOf(endless)).toEqual({ from: START - 6 * HOUR, to: START + 7 * HOUR });
  });

  it('has four phases before, while it runs, and after', () => {
    const phases = [-61, -60, -46, -45, -1, 0, 14, 15, 59, 60, 119, 120].map((minutes) => phaseOf(show, START + minutes * MINUTE));
    expect(phases).toEqual([-1, 0, 0, 1, 3, 4, 4, 5, 7, 8, 11, -1]);
  });

  it('is a mean over a step that is longer than the event', () => {
    const short = { ...show, end: START + 15 * MINUTE };
    expect(stepShape(short, [], START, HOUR).given).toBe(0.25);
  });

  it('is told as ramp and decay once it was learnt', () => {
    const learnt = new Array<number>(BINS).fill(0);
    learnt[PHASES - 1] = 0.5;
    learnt[2 * PHASES + 1] = 0.3;
    expect(learntShape(show, learnt)).toEqual({ rampMs: 15 * MINUTE, decayMs: 30 * MINUTE });
    expect(learntShape(show, new Array(BINS).fill(0))).toEqual({ rampMs: 0, decayMs: 0 });
  });

  it('a given impact that is no number to take the logarithm of is bounded', () => {
    expect(logImpact(0.5)).toBe(Math.log(1.5));
    expect(logImpact(-1)).toBe(-5);
    expect(logImpact(1e9)).toBe(5);
  });
});

describe('a belief', () => {
  it('of which nothing is known takes nearly all of the first occurrence: a normal prior of sd 0.8', () => {
    const learnt = learn(beginBelief(undefined, undefined, false), shownOf(1));
    const prior = 0.8 ** 2 + 0.1 ** 2;
    const k = prior / (prior + 0.2 ** 2 + 0.01);
    expect(learnt.mean).toBeCloseTo(k, 12);
    expect(learnt.variance).toBeCloseTo((1 - k) * prior, 12);
    expect(learnt.seen).toBe(1);
  });

  it('begins with the given impact, trusted to a sd of 0.25', () => {
    const given = Math.log(2);
    const learnt = learn(beginBelief(undefined, given, false), shownOf(1));
    const prior = 0.25 ** 2 + 0.1 ** 2;
    expect(learnt.mean).toBeCloseTo(given + (prior / (prior + 0.05)) * (1 - given), 12);
  });

  it('of a series begins with what is known of its category, less surely', () => {
    const common = sure(0.7);
    const own = beginBelief(common, undefined, false);
    expect(own.mean).toBe(0.7);
    expect(own.variance).toBeCloseTo(0.03 ** 2 + 0.3 ** 2, 12);
    expect(own.seen).toBe(0);
  });

  it('is moved by a factor of 1.5 at most by one bad day, of 4 by the first', () => {
    expect(learn(sure(1, { variance: 0.5 }), shownOf(-4)).mean).toBeCloseTo(1 - Math.log(1.5), 12);
    expect(learn(beginBelief(undefined, undefined, false), shownOf(4)).mean).toBeCloseTo(Math.log(4), 12);
  });

  it('follows a lasting change all the same', () => {
    let belief = sure(Math.log(3));
    for (let i = 0; i < 8; i++) belief = learn(belief, shownOf(Math.log(1.5)));
    expect(Math.exp(belief.mean)).toBeLessThan(1.75);
  });

  it('is raised by a lower bound, never lowered', () => {
    expect(learn(sure(1), shownOf(0.2, { bound: true })).mean).toBe(1);
    expect(learn(sure(1), shownOf(1.6, { bound: true })).mean).toBeGreaterThan(1);
  });

  it('of given impacts is how far their giver is off', () => {
    const before = sure(Math.log(1.8), { given: Math.log(1.5) });
    expect(Math.exp(expected(before, Math.log(3)).mean)).toBeCloseTo(3 * (1.8 / 1.5), 9);
    expect(expected(before, undefined)).toBe(before);
    const unguided = expected(sure(0, { variance: 0.25 ** 2 }), Math.log(2));
    expect(unguided.mean).toBeCloseTo(Math.log(2) / 2, 12);
  });

  it('learns how demand comes, goes, and peaks', () => {
    const phases = Array.from({ length: BINS }, (_, phase) => ({
      amplitude: phase === PHASES - 1 ? 0.6 : phase < PHASES || phase >= 2 * PHASES ? 0 : phase === PHASES ? 1.4 : 1,
      given: phase < PHASES || phase >= 2 * PHASES ? 0 : 1,
      variance: 0.001,
    }));
    let belief = beginBelief(undefined, undefined, false);
    for (let i = 0; i < 4; i++) belief = learn(belief, shownOf(1.1, { phases }));
    expect(belief.shape[PHASES - 1]).toBeCloseTo(0.6 / 1.1, 1);
    expect(belief.shape[0]).toBeCloseTo(0, 2);
    const running = belief.shape.slice(PHASES, 2 * PHASES);
    expect(running.reduce((sum, height) => sum + height, 0)).toBeCloseTo(0, 9);
    expect(running[0]).toBeGreaterThan(0.15);
  });
});

describe('an event that runs', () => {
  const at = (minute: number): number => START + minute * MINUTE;
  const see = (track: Track, minute: number, z: number | undefined, bound = false): number =>
    observe([track], at(minute), MINUTE, z, 0.05 ** 2, bound);

  it('is followed by a Kalman filter', () => {
    const shapeless = { shapeVariance: new Array<number>(BINS).fill(0) };
    const track = beginTrack(show, series, sure(0.5, { variance: 0.04, occasion: 0.05, ...shapeless }));
    see(track, 0, 0.6);
    const prior = 0.09 + 0.1 ** 2 / 60;
    const k = prior / (prior + 0.05 ** 2);
    expect(track.mean).toBeCloseTo(0.5 + k * 0.1, 12);
    expect(track.variance).toBeCloseTo((1 - k) * prior, 12);
    expect(effectAt(track, at(1), MINUTE)).toEqual({ mean: track.mean, variance: track.variance });
  });

  it('says how much of a surprise it took: what is left is news for others', () => {
    const unknown = beginTrack(show, series, beginBelief(undefined, undefined, false));
    expect(see(unknown, 0, 1)).toBeGreaterThan(0.95);
    const known = beginTrack(show, series, sure(0.5, { occasion: 0 }));
    expect(see(known, 0, 0.55)).toBeLessThan(0.5);
    // An hour before, where nothing is known to happen, noise is noise.
    const before = beginTrack(show, series, sure(1));
    expect(see(before, -60, 0.02)).toBeLessThan(0.2);
    expect(effectAt(before, at(-59), MINUTE).mean).toBeLessThan(0.005);
  });

  it('that does not happen loses its effect within three steps, however sure the belief was', () => {
    const track = beginTrack(show, series, sure(Math.log(3)));
    expect(effectAt(track, START, MINUTE).mean).toBeCloseTo(Math.log(3), 12);
    for (let minute = 0; minute < 3; minute++) see(track, minute, 0);
    expect(Math.exp(effectAt(track, at(3), MINUTE).mean)).toBeLessThan(1.15);
    expect(Math.exp(effectAt(track, at(40), MINUTE).mean)).toBeLessThan(1.25);
  });

  it('that is larger than expected grows', () => {
    const track = beginTrack(show, series, sure(Math.log(2)));
    for (let minute = 0; minute < 5; minute++) see(track, minute, Math.log(5));
    expect(Math.exp(effectAt(track, at(5), MINUTE).mean)).toBeGreaterThan(4.5);
    expect(Math.exp(effectAt(track, at(40), MINUTE).mean)).toBeGreaterThan(4);
  });

  it('shares what two of them do in proportion to what is not known of each', () => {
    const flat = { shapeVariance: new Array<number>(BINS).fill(0), occasion: 0 };
    const wide = beginTrack(show, series, sure(0, { variance: 0.3, ...flat }));
    const narrow = beginTrack({ ...show, id: '2' }, series, sure(0, { variance: 0.1, ...flat }));
    const drift = 0.1 ** 2 / 60;
    observe([wide, narrow], START, MINUTE, 0.1, 0.05 ** 2, false);
    expect(wide.mean / narrow.mean).toBeCloseTo((0.3 + drift) / (0.1 + drift), 9);
    expect(wide.mean + narrow.mean).toBeCloseTo(0.1, 1);
  });

  it('learns nothing of steps that nobody knows, and a bound raises alone', () => {
    const track = beginTrack(show, series, sure(0.5));
    see(track, 0, undefined);
    see(track, 1, 0.1, true);
    expect([track.mean, track.steps, track.hidden]).toEqual([0.5, 0, 1]);
    see(track, 2, 1.2, true);
    expect(track.mean).toBeGreaterThan(0.5);
  });

  it('of which nothing is known widens a forecast by 0.25 ahead of the first, by what is not known after', () => {
    const unknown = beginTrack(show, series, beginBelief(undefined, undefined, false));
    expect(effectAt(unknown, START, MINUTE)).toEqual({ mean: 0, variance: 0.25 ** 2 });
    expect(effectAt(unknown, START - 2 * HOUR, MINUTE)).toEqual({ mean: 0, variance: 0 });
    const second = beginTrack(show, series, sure(1, { variance: 0.2, occasion: 0.1 }));
    expect(effectAt(second, START, MINUTE).variance).toBeGreaterThan(0.3);
  });

  it('shows its mean while it ran, and is no occurrence where too little was seen', () => {
    const track = beginTrack(show, series, beginBelief(undefined, undefined, false));
    for (let minute = -60; minute < 120; minute++)
      see(track, minute, minute >= 0 && minute < 60 ? 1.1 : minute >= -15 && minute < 0 ? 0.5 : 0);
    const shown = shownBy(track, MINUTE, at(120)) as Shown;
    expect(shown.amplitude).toBeCloseTo(1.1, 6);
    expect(shown.phases[PHASES - 1]?.amplitude).toBeCloseTo(0.5, 6);
    expect(shown.phases[0]?.amplitude).toBeCloseTo(0, 6);
    const cancelled = beginTrack(show, series, beginBelief(undefined, undefined, false));
    for (let minute = -60; minute < 20; minute++) see(cancelled, minute, 0);
    expect(shownBy(cancelled, MINUTE, at(120))).toBeUndefined();
  });

  it('whose height capacity hid for the most part is a bound', () => {
    const track = beginTrack(show, series, sure(1));
    for (let minute = 0; minute < 60; minute++) see(track, minute, minute % 3 === 0 ? 0.8 : 0.1, minute % 3 !== 0);
    expect(shownBy(track, MINUTE, at(120))?.bound).toBe(true);
  });
});

describe('a forecast', () => {
  const row = LEVELS.map((level) => 100 * Math.exp(0.1 * normalQuantile(level)));
  const forecast: Forecast = {
    series: 'pool:web',
    origin: START,
    stepMs: MINUTE,
    horizon: [1, 2],
    quantiles: Float64Array.from([...row, ...row]),
    by: 'test',
  };

  it('is multiplied by the effect and as wide as two independent errors', () => {
    const changed = withEffects(
      forecast,
      [
        { mean: 0, variance: 0 },
        { mean: Math.log(3), variance: 0.2 ** 2 },
      ],
      0,
    );
    expect([...changed.quantiles.slice(0, LEVELS.length)]).toEqual(row);
    LEVELS.forEach((level, column) => {
      const wide = 300 * Math.exp(Math.hypot(0.1, 0.2) * normalQuantile(level));
      expect(changed.quantiles[LEVELS.length + column]).toBeCloseTo(wide, 6);
    });
    expect(forecast.quantiles[LEVELS.length]).toBe(row[0]);
  });

  it('stays in order and not negative, whatever the floor', () => {
    const odd = { ...forecast, horizon: [1], quantiles: Float64Array.from([0, 0, 0, 1, 1, 50, 50, 51]) };
    const { quantiles } = withEffects(odd, [{ mean: 0.3, variance: 0.5 }], 2);
    for (let column = 1; column < LEVELS.length; column++)
      expect(quantiles[column]).toBeGreaterThanOrEqual(quantiles[column - 1] as number);
    expect(quantiles[0]).toBeGreaterThanOrEqual(0);
  });

  it('has paths that keep one amplitude each', () => {
    const paths: SamplePaths = {
      series: 'x',
      origin: START,
      stepMs: MINUTE,
      horizon: [1, 2],
      count: 4_000,
      rates: new Float64Array(8_000).fill(10),
    };
    const effect = { mean: Math.log(2), variance: 0.3 ** 2 };
    const { rates } = pathsWithEffects(paths, [effect, effect], new SeededRandom('x'));
    const logs = Array.from({ length: 4_000 }, (_, path) => Math.log((rates[2 * path] as number) / 20));
    for (let path = 0; path < 4_000; path++) expect(rates[2 * path]).toBe(rates[2 * path + 1]);
    expect(Math.sqrt(logs.reduce((sum, log) => sum + log ** 2, 0) / 4_000)).toBeCloseTo(0.3, 1);
  });
});

it('what is known of events is data: it comes back as it was, and nothing else is read', () => {
  const state = emptyEvents();
  state.plan = [show];
  state.beliefs.set('name:Show\0pool:web', learn(beginBelief(undefined, 0.4, true), shownOf(1)));
  const track = beginTrack(show, series, beginBelief(undefined, undefined, false));
  observe([track], START, MINUTE, 1, 0.01, false);
  state.running.set('1', track);
  const again = decodeEvents(encodeEvents(state));
  expect(again).toEqual(state);
  expect(encodeEvents(again)).toEqual(encodeEvents(state));
  expect(() => decodeEvents(new Uint8Array([1, 2, 3]))).toThrow();
});
