// Plays logs and what is laid over them to the detector, step by step, as the engine would.

import { mergeBlocks } from '../../../packages/alerts/src/audience/block.ts';
import { audienceConfig } from '../../../packages/alerts/src/audience/config.ts';
import { Audience } from '../../../packages/alerts/src/audience/detector.ts';
import { type Evidence, evidenceOf } from '../../../packages/alerts/src/audience/evidence.ts';
import type { AudienceState } from '../../../packages/alerts/src/audience/state.ts';
import type { Anomaly, Usage } from '../../../packages/contracts/src/index.ts';
import { addEvent, emptyUsage } from '../../../packages/core/src/usage/accumulate.ts';
import { mergeUsage } from '../../../packages/core/src/usage/merge.ts';
import { SeededRandom } from '../../../packages/numerics/src/index.ts';
import { attackPlan, FAMILIES, type Family } from './attacks.ts';
import { CROWDS, type Crowd, crowdPlan } from './crowds.ts';
import { drawShape, STEPS } from './shape.ts';
import { eventsOf, type Plan } from './visitors.ts';
import { GROUP, type Session, STEP, type World } from './world.ts';

const OPTIONS = audienceConfig.parse({});
/** Steps of a log before the first episode. */
const WARM = 60;
/** Steps between the times at which an episode may begin. */
const GRID = 5;
/** Steps of usual traffic whose rate is what an episode's height is measured by. */
const RECENT = 15;
/** Steps after the beginning at which a verdict is asked for. */
export const ASKED = [2, 5, 10] as const;
export type Asked = (typeof ASKED)[number];

/** A log that was played as it is: the state at times at which an episode may begin, and the surges that it has of its own. */
export interface Played {
  readonly world: World;
  readonly states: ReadonlyMap<number, Begun>;
  readonly own: readonly Own[];
}

interface Begun {
  readonly state: Uint8Array;
  readonly expected: number | undefined;
}

/** A surge of a log as it is. */
export interface Own {
  readonly world: string;
  readonly at: number;
  readonly steps: number;
  /** Evidence of its last step that could be judged. */
  readonly evidence: readonly Evidence[] | undefined;
  readonly height: number;
}

export function playLog(world: World): Played {
  const detector = new Audience(OPTIONS);
  const state = detector.begin({ id: GROUP, scope: 'group', name: GROUP, pop: '', measure: 'requests', zone: world.zone, stepMs: STEP });
  const running: Running = { detector, state, expected: undefined };
  const states = new Map<number, Begun>();
  const own: { -readonly [K in keyof Own]: Own[K] }[] = [];
  let surge: (typeof own)[number] | undefined;
  for (const [n, usage] of world.steps.entries()) {
    if (n >= WARM && n % GRID === 0 && state.episode === undefined)
      states.set(n, { state: detector.encode(state), expected: running.expected });
    const anomaly = step(running, usage);
    if (state.episode === undefined) surge = undefined;
    if (anomaly.hostility === undefined) continue;
    if (surge === undefined) {
      surge = { world: world.name, at: usage.step, steps: 0, evidence: undefined, height: 0 };
      own.push(surge);
    }
    surge.steps++;
    surge.height = Math.max(surge.height, (usage.offered / STEP / (state.episode?.anchor ?? 1)) * 1000);
    surge.evidence = evidenceIn(state, anomaly) ?? surge.evidence;
  }
  return { world, states, own };
}

/** Share of what was expected that the next step changes: a forecast that follows what comes, attacks too, half-way in a quarter of an hour. */
const FOLLOWS = 1 - 0.5 ** (1 / 15);

/** A detector in its log, with the simplest forecast that one could have. */
interface Running {
  readonly detector: Audience;
  readonly state: AudienceState;
  expected: number | undefined;
}

function step(running: Running, usage: Usage): Anomaly {
  const { detector, state, expected } = running;
  const value = (1000 * usage.offered) / STEP;
  running.expected = expected === undefined ? value : expected + FOLLOWS * (value - expected);
  return detector.detect(state, { step: usage.step, value, truth: 'observed' }, expected, { usage: () => usage });
}

function evidenceIn(state: AudienceState, { hostility }: Anomaly): Evidence[] | undefined {
  const { episode, usual, known } = state;
  if (hostility?.probability === undefined || episode === undefined) return undefined;
  return evidenceOf({ block: mergeBlocks(episode.older, episode.newer), usual, known });
}

/** What was seen of an episode so many steps after its beginning. */
export interface Seen {
  /** Undefined = no verdict. */
  readonly evidence: readonly Evidence[] | undefined;
  /** Is it taken for a surge by then? */
  readonly surge: boolean;
  /** The baseline: requests a source of its steps, log ratio to what is usual. */
  readonly perSource: number;
}

export interface Episode {
  readonly kind: Family | Crowd;
  readonly hostile: boolean;
  readonly variant: string;
  readonly world: string;
  readonly intensity: number;
  readonly seen: Readonly<Record<Asked, Seen>>;
}

/** Part of a log, as shares of its steps. */
export type Part = readonly [from: number, to: number];

/** @param seed names all that is drawn */
export function playEpisodes(
  played: readonly Played[],
  part: Part,
  each: { readonly attacks: number; readonly crowds: number },
  seed: string,
): Episode[] {
  const kinds = [
    ...FAMILIES.map((kind) => ({ kind, hostile: true, count: each.attacks })),
    ...CROWDS.map((kind) => ({ kind, hostile: false, count: each.crowds })),
  ];
  return kinds.flatMap(({ kind, hostile, count }) =>
    Array.from({ length: count }, (_, n) => {
      const log = played[n % played.length] as Played;
      return playOne(log, part, kind, hostile, new SeededRandom(`${seed}/${kind}/${n}`));
    }),
  );
}

function playOne({ world, states }: Played, [from, to]: Part, kind: Family | Crowd, hostile: boolean, random: SeededRandom): Episode {
  const [first, last] = [from * world.steps.length, to * world.steps.length - STEPS];
  const starts = [...states.keys()].filter((n) => n >= first && n < last);
  const start = starts[random.fork('start').below(starts.length)] as number;
  const shape = drawShape(random.fork('shape'));
  const before = world.steps.slice(start - RECENT, start);
  const usual = before.reduce((sum, { offered }) => sum + offered, 0) / before.length;
  const at = (world.steps[start] as Usage).step;
  const { plan, variant } = planOf(world, kind, hostile, at, random.fork('plan'));
  const budget = shape.of.map((share) => usual * (shape.intensity - 1) * share);
  const events = eventsOf(world, plan, at, budget, random.fork('events'));
  const detector = new Audience(OPTIONS);
  const begun = states.get(start) as Begun;
  const state = detector.decode(begun.state);
  const running: Running = { detector, state, expected: begun.expected };
  const perSource = state.usual.sourced / state.usual.sources;
  const seen: Partial<Record<Asked, Seen>> = {};
  let [requests, sources] = [0, 0];
  let evidence: readonly Evidence[] | undefined;
  let surge = false;
  for (const [n, more] of events.entries()) {
    const base = world.steps[start + n] as Usage;
    const extra = emptyUsage(base.step, GROUP, '');
    for (const event of more) addEvent(extra, event, world.hash);
    const usage = mergeUsage(base, extra);
    const anomaly = step(running, usage);
    const { counts, other, level } = usage.sources;
    requests += [...counts.values()].reduce((sum, count) => sum + count, other);
    sources += counts.size * 2 ** level;
    // What was said last stands: a surge may be over by then.
    evidence = evidenceIn(state, anomaly) ?? evidence;
    surge ||= anomaly.hostility !== undefined;
    const asked = ASKED.find((each) => each === n + 1);
    if (asked !== undefined) seen[asked] = { evidence, surge, perSource: Math.log(requests / sources / perSource) };
  }
  return { kind, hostile, variant, world: world.name, intensity: shape.intensity, seen: seen as Episode['seen'] };
}

const FEWEST_SESSIONS = 100;
const DAY = 86_400_000;

function planOf(world: World, kind: Family | Crowd, hostile: boolean, at: number, random: SeededRandom): { plan: Plan; variant: string } {
  const before = world.sessions.filter((session) => session.at < at);
  const sessions: readonly Session[] = before.length >= FEWEST_SESSIONS ? before : world.sessions.slice(0, FEWEST_SESSIONS);
  if (hostile) return attackPlan(kind as Family, { world, random, sessions });
  // Of the log itself; the day is the local one, as hashes of users are.
  const offset = world.zone === 'UTC' ? 0 : Number(world.zone.slice(0, 3)) * 3_600_000;
  const today = Math.floor((at + offset) / DAY) * DAY - offset;
  const known = before.filter((session) => session.at >= today).map(({ user }) => user);
  return { plan: crowdPlan(kind as Crowd, { world, random, known, sessions }), variant: '' };
}
