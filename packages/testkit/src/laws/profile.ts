import type { BehaviorProfile, GroupInfo, GroupStep, Profiler } from '@auspex/contracts';
import { addTally, SeededRandom } from '@auspex/numerics';
import { broken, type Law, laws, must } from '../law.ts';
import { commonLaws, frozen } from './common.ts';
import { mustRefuse } from './support/bytes.ts';
import { everywhere } from './support/elsewhere.ts';
import { difference } from './support/same.ts';
import { busy, copyOf, hiding, MONDAY, nobody, STEP_MS, steps } from './support/usage.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Europe/Berlin puts its clocks back, and forward, at these instants. */
const BACK = Date.UTC(2026, 9, 25, 1);
const FORWARD = Date.UTC(2026, 2, 29, 1);

function groupOf(id = 'web', zone = 'Europe/Berlin'): GroupInfo {
  return { id, zone, stepMs: STEP_MS };
}

/** Folds copies, so that what a profiler does to its input is seen by the law about that alone. */
function fold(profiler: Profiler, state: unknown, all: readonly GroupStep[]): unknown {
  let folded = state;
  for (const one of all) folded = profiler.fold(folded, copyOf(one));
  return folded;
}

/** What a state believes: what is expected over a week, and the profile. Sums in another order are no difference. */
function belief(profiler: Profiler, state: unknown): unknown {
  const expected = Array.from({ length: 7 * 24 }, (_, hour) => profiler.expected(state, MONDAY + 30 * DAY + hour * HOUR));
  return structuredClone({ expected, sensitivity: profiler.sensitivity(state), profile: profiler.profile(state) });
}

const TOLERANCE = 1e-9;

/** Worlds that `expected` must survive. */
function worlds(): readonly (readonly [string, readonly GroupStep[]])[] {
  const quiet = steps({ scale: 0 }).map((one) => ({ ...one, usage: [] }));
  const jump = steps({ scale: 1e6, from: MONDAY + 400 * STEP_MS, steps: 20 });
  return [
    ['usual', steps()],
    ['huge', steps({ scale: 1e7 })],
    ['of a few requests', steps({ scale: 0.001 })],
    ['in which nobody comes', quiet],
    ['in which nobody comes, then everybody', [...quiet, ...jump]],
    ['that is missing', hiding(steps(), 'missing', 0).map((one) => ({ ...one, truth: 'missing' }))],
    ['with gaps', hiding(steps(), 'missing', 0)],
  ];
}

const list: readonly Law<'profiler'>[] = [
  {
    name: 'expected is a rate, or undefined',
    why: 'surges are judged against it: a deviation from no number is none',
    check(_, tools) {
      const profiler = tools.create();
      for (const [name, all] of worlds()) {
        for (const count of [0, 1, 5, all.length]) {
          const state = fold(profiler, profiler.begin(groupOf()), all.slice(0, count));
          for (const at of [0, MONDAY, MONDAY + 5 * HOUR, MONDAY + 8 * DAY, MONDAY + 4_000 * DAY, MONDAY + 0.5]) {
            const rate = profiler.expected(state, at);
            const right = rate === undefined || (Number.isFinite(rate) && rate >= 0);
            must(right, `in a world ${name}, after ${count} steps, it expects ${rate} at ${at}`);
          }
        }
      }
    },
  },
  {
    name: 'asking changes nothing',
    why: 'it is asked for every group and step, and as often as somebody looks',
    check(_, tools) {
      const profiler = tools.create();
      const state = fold(profiler, profiler.begin(groupOf()), steps());
      const before = profiler.encode(state).slice();
      const once = belief(profiler, state);
      const found = difference(profiler.encode(state), before, 0, 'byte');
      if (found !== undefined) broken(`the state before and after it was asked: ${found}`);
      const again = difference(once, belief(profiler, state));
      if (again !== undefined) broken(`asked twice: ${again}`);
    },
  },
  {
    name: 'a step is folded once',
    why: 'after a crash the last steps come again: folded twice they count twice',
    check(_, tools) {
      const profiler = tools.create();
      const all = steps();
      let state = fold(profiler, profiler.begin(groupOf()), all);
      const before = belief(profiler, state);
      for (const back of [1, 2, 50]) {
        state = fold(profiler, state, [all.at(-back) as GroupStep]);
        const found = difference(before, belief(profiler, state), TOLERANCE);
        if (found !== undefined) broken(`the ${back === 1 ? 'last step' : `step ${back - 1} before the last`} came again: ${found}`);
      }
    },
  },
  {
    name: 'the usage that it is given stays as it was',
    why: 'usage is shared with history, detectors and the other groups of a pool',
    check(_, tools) {
      const profiler = tools.create();
      let state = profiler.begin(frozen(groupOf()));
      for (const one of steps({ steps: 100 })) {
        const before = copyOf(one);
        state = profiler.fold(state, one);
        const found = difference(before, one);
        if (found !== undefined) broken(`before and after it was folded: ${found}`);
      }
    },
  },
  {
    name: 'nothing of the usage is kept',
    why: 'what is kept changes when its owner goes on with it, and holds its memory',
    check(_, tools) {
      const profiler = tools.create();
      let state = profiler.begin(groupOf());
      for (const [i, one] of steps({ steps: 120 }).entries()) {
        // Sketches of both kinds.
        const last = one.usage[0];
        if (last && i === 119) last.users = { registers: new Uint8Array(1024).fill(1) };
        state = profiler.fold(state, one);
        const before = i % 40 === 39 ? belief(profiler, state) : undefined;
        for (const usage of one.usage) spoil(usage as unknown as Record<string, unknown>);
        const found = before === undefined ? undefined : difference(before, belief(profiler, state));
        if (found !== undefined) broken(`a usage was changed after it was folded, and ${found}`);
      }
    },
  },
  {
    name: 'the order of the POPs in a step does not matter',
    why: 'they come in the order in which shards closed',
    check(_, tools) {
      const profiler = tools.create();
      const all = steps();
      const turned = all.map((one) => ({ ...one, usage: [...one.usage].reverse() }));
      const found = difference(
        belief(profiler, fold(profiler, profiler.begin(groupOf()), all)),
        belief(profiler, fold(profiler, profiler.begin(groupOf()), turned)),
        TOLERANCE,
      );
      if (found !== undefined) broken(`one order and the other: ${found}`);
    },
  },
  {
    name: 'missing and masked steps teach nothing',
    why: 'an outage that was learnt is expected again next week',
    check(_, tools) {
      const profiler = tools.create();
      for (const truth of ['missing', 'masked'] as const) {
        const [low, high] = [0, 1e6].map((requests) =>
          belief(profiler, fold(profiler, profiler.begin(groupOf()), hiding(steps(), truth, requests))),
        );
        const found = difference(low, high, TOLERANCE);
        if (found !== undefined) broken(`${truth} steps without requests and with a million: ${found}`);
      }
    },
  },
  {
    name: 'a state that is read back goes on as the one that was written',
    why: 'profiles are read back after every restart, and by another instance when it takes over',
    check(_, tools) {
      const all = steps();
      for (const count of [0, 1, 40, 399]) {
        const [profiler, next] = [tools.create(), tools.create()];
        const state = fold(profiler, profiler.begin(groupOf()), all.slice(0, count));
        const read = next.decode(profiler.encode(state).slice());
        const found =
          difference(belief(profiler, state), belief(next, read), 1e-6) ??
          difference(belief(profiler, fold(profiler, state, all.slice(count))), belief(next, fold(next, read, all.slice(count))), 1e-6);
        if (found !== undefined) broken(`written after ${count} steps, and read back: ${found}`);
      }
    },
  },
  {
    name: 'bytes that it did not write are refused',
    why: 'what cannot be read begins anew and is reported; what is misread expects nonsense',
    check(_, tools) {
      const profiler = tools.create();
      const state = fold(profiler, profiler.begin(groupOf()), steps());
      mustRefuse((bytes) => profiler.decode(bytes), profiler.encode(state));
    },
  },
  {
    name: 'a profile fits into four kilobytes',
    why: 'there is one for every group, in memory, in the store and in every checkpoint',
    check(_, tools) {
      const profiler = tools.create();
      const state = fold(profiler, profiler.begin(groupOf('g'.repeat(100))), crowd());
      const { length } = profiler.encode(state);
      must(length <= 4096, `of a group with many resources, users and POPs it writes ${length} bytes`);
    },
  },
  {
    name: 'a profile says everything, in the units of the contract',
    why: '`auspex profile` and the API show it as it is',
    check(_, tools) {
      const profiler = tools.create();
      for (const all of [[], steps({ steps: 3 }), steps(), crowd()]) {
        const state = fold(profiler, profiler.begin(groupOf()), all);
        const profile = profiler.profile(state);
        const wrong = wrongOf(profile);
        if (wrong !== undefined) broken(`after ${all.length} steps ${wrong}`);
        must(
          profile.group === 'web' && profile.zone === 'Europe/Berlin',
          `it is of "${profile.group}" in ${profile.zone}, begun for "web" in Europe/Berlin`,
        );
        if (all.length > 0)
          must(profile.lastStep === all.at(-1)?.step, `its last step is ${profile.lastStep}, folded was ${all.at(-1)?.step}`);
        const { sensitivity } = profile;
        must(
          sensitivity === profiler.sensitivity(state),
          `its sensitivity is ${sensitivity} in the profile and ${profiler.sensitivity(state)} when asked`,
        );
      }
    },
  },
  {
    name: 'a clock change loses no step and doubles none',
    why: 'the repeated hour is an hour of demand like any other, and in the missing one nobody was away',
    check(_, tools) {
      const profiler = tools.create();
      for (const [change, when] of [
        [BACK, 'back'],
        [FORWARD, 'forward'],
      ] as const) {
        const all = steps({ from: change - 12 * HOUR, steps: 96 });
        let state = profiler.begin(groupOf());
        for (const [i, one] of all.entries()) {
          state = profiler.fold(state, one);
          const { steps: folded, lastStep } = profiler.profile(state);
          const at = new Date(one.step).toISOString();
          must(folded === i + 1, `as clocks go ${when}, ${i + 1} steps up to ${at} were folded, and it says ${folded}`);
          must(lastStep === one.step, `as clocks go ${when}, its last step is ${lastStep} in place of ${one.step}`);
        }
      }
    },
  },
  {
    name: 'habits follow the local clock',
    why: 'people come at nine, in summer and in winter: an hour too late is an hour without units',
    check(_, tools) {
      const profiler = tools.create();
      for (const [change, when] of [
        [BACK, 'back'],
        [FORWARD, 'forward'],
      ] as const) {
        // Two weeks that end a day before the change.
        const from = Math.floor(change / DAY) * DAY - 15 * DAY;
        const state = fold(profiler, profiler.begin(groupOf()), steps({ from, steps: (14 * DAY) / STEP_MS }));
        const shift = change === BACK ? HOUR : -HOUR;
        // The Wednesday before the change and the one after it, at the same local hours.
        const before = Math.floor(change / DAY) * DAY - 4 * DAY;
        for (let hour = 0; hour < 24; hour++) {
          const at = before + hour * HOUR;
          const [was, is] = [profiler.expected(state, at), profiler.expected(state, at + 7 * DAY + shift)];
          if (was === undefined || is === undefined) continue;
          // Day and night differ tenfold; what moves slowly, such as a trend, does not.
          must(is < 3 * was && was < 3 * is, `clocks went ${when}: at the same local time it expected ${was} before and ${is} after`);
        }
      }
    },
  },
  {
    name: 'groups are kept apart',
    why: 'one instance serves every group: what it keeps outside their states it mixes up, and loses in a restart',
    check(_, tools) {
      const [alone, shared] = [tools.create(), tools.create()];
      const all = steps();
      const theirs = steps({ group: 'other', seed: 'other', scale: 50 });
      let [state, neighbour] = [shared.begin(groupOf()), shared.begin(groupOf('other', 'America/New_York'))];
      for (const [i, one] of all.entries()) {
        state = fold(shared, state, [one]);
        neighbour = fold(shared, neighbour, [theirs[i] as GroupStep]);
      }
      const found = difference(belief(alone, fold(alone, alone.begin(groupOf()), all)), belief(shared, state));
      if (found !== undefined) broken(`alone, and beside another group: ${found}`);
    },
  },
  {
    name: 'the same seed and usage give the same, whatever the clock and chance of the process',
    why: 'a replay that comes out otherwise explains nothing',
    async check(_, tools) {
      const [one, other] = await everywhere(() => {
        const profiler = tools.create();
        return belief(profiler, fold(profiler, profiler.begin(groupOf()), steps()));
      });
      const found = difference(one, other);
      if (found !== undefined) broken(`two instances with one seed, under another clock and Math.random: ${found}`);
    },
  },
  {
    name: 'relating groups names groups that are there, and changes none',
    why: 'a correlation with nobody, or with itself, is an explanation that explains nothing',
    check(_, tools) {
      const profiler = tools.create();
      if (!profiler.relate) return;
      const names = ['web', 'app', 'partner'];
      // One seed: the groups move together, so that there is something to be found.
      const states = new Map(names.map((id) => [id, fold(profiler, profiler.begin(groupOf(id)), steps({ group: id }))]));
      const before = [...states.values()].map((state) => profiler.encode(state).slice());
      for (const [group, found] of profiler.relate(states)) {
        must(names.includes(group), `it relates "${group}", which is not there`);
        for (const { group: other, r, lagMs } of found) {
          must(names.includes(other) && other !== group, `it relates "${group}" to "${other}"`);
          must(r >= -1 && r <= 1 && Number.isFinite(lagMs), `it relates "${group}" to "${other}" by r = ${r} and a lag of ${lagMs} ms`);
        }
      }
      const changed = difference(
        [...states.values()].map((state) => profiler.encode(state)),
        before,
      );
      if (changed !== undefined) broken(`the states before and after: ${changed}`);
    },
  },
];

/** A group of which there is more than any profile can hold: of everything, with long names. */
function crowd(): GroupStep[] {
  const random = new SeededRandom('crowd');
  return Array.from({ length: 30 }, (_, i) => {
    const step = MONDAY + i * STEP_MS;
    const usage = Array.from({ length: 9 }, (_, n) => {
      const one = i % 7 === 6 ? nobody(step, 'web', `pop-${n}`) : busy(step, 'web', `pop-${n}-${'p'.repeat(40)}`, 500, random);
      for (const tally of [one.resources, one.features, one.countries, one.accessLevels]) {
        for (let k = 0; k < 30; k++) addTally(tally, `${'/näme'.repeat(12)}/${random.below(200)}`, 1 + random.below(9));
      }
      one.sessionLengths = Array.from({ length: 17 }, () => random.below(5));
      one.users = { registers: Uint8Array.from({ length: 1024 }, () => random.below(12)) };
      return one;
    });
    return { step, truth: 'observed', usage };
  });
}

/** Changes everything in a usage that can be changed in place. */
function spoil(usage: Record<string, unknown>): void {
  for (const [field, value] of Object.entries(usage)) {
    if (typeof value === 'number' && field !== 'step') usage[field] = value + 1e9;
    if (Array.isArray(value)) value.fill(1e9);
    if (typeof value !== 'object' || value === null) continue;
    const { counts, hashes, registers } = value as { counts?: Map<string, number>; hashes?: Set<number>; registers?: Uint8Array };
    counts?.set('/spoilt', 1e12);
    for (let i = 0; hashes && i < 100; i++) hashes.add(1e6 + i);
    registers?.fill(30);
  }
}

/** What is wrong with a profile's numbers; undefined = nothing. */
function wrongOf(profile: BehaviorProfile): string | undefined {
  const { weekly, peaks, steps, perMinute, perHour, users, sensitivity } = profile;
  const rate = (value: number): boolean => Number.isFinite(value) && value >= 0;
  if (weekly.length !== 168) return `its week has ${weekly.length} hours`;
  if (!weekly.every(rate)) return `an hour of its week has ${weekly.find((value) => !rate(value))} requests a minute`;
  if (!(rate(perMinute) && rate(perHour))) return `it says ${perMinute} requests a minute and ${perHour} an hour`;
  if (Math.abs(perHour - 60 * perMinute) > 1e-6 * perHour) return `it says ${perMinute} requests a minute and ${perHour} an hour`;
  if (!Number.isInteger(steps) || steps < 0) return `it has folded ${steps} steps`;
  if (!peaks.every(({ day, hour }) => day >= 0 && day <= 6 && hour >= 0 && hour <= 23)) return 'it has a peak outside the week';
  if (!peaks.every((peak, i) => rate(peak.perMinute) && peak.perMinute <= (peaks[i - 1]?.perMinute ?? Number.POSITIVE_INFINITY)))
    return 'its peaks are not the highest first';
  for (const field of ['resources', 'features', 'countries', 'accessLevels', 'pops'] as const) {
    const sum = profile[field].reduce((total, { share }) => total + share, 0);
    if (!profile[field].every(({ share }) => share >= 0 && share <= 1 + 1e-9)) return `a share of its ${field} is not in 0..1`;
    if (sum > 1 + 1e-6) return `the shares of its ${field} sum to ${sum}`;
  }
  if (!(rate(users.today) && rate(users.usualDay))) return `it says ${users.today} users today, usually ${users.usualDay}`;
  if (!(Number.isFinite(sensitivity) && sensitivity > 0)) return `its sensitivity is ${sensitivity}`;
  return undefined;
}

/** What every profiler does. */
export const profilerLaws = laws('profiler', [
  ...commonLaws<'profiler'>((profiler: Profiler) => {
    const state = fold(profiler, profiler.begin(groupOf()), steps({ steps: 50 }));
    belief(profiler, profiler.decode(profiler.encode(state)));
    profiler.relate?.(new Map([['web', state]]));
  }),
  ...list,
]);
