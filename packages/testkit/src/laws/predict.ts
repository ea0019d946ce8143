import { deepFreeze, type ForecastRequest, NOT_READY, type Observation, type Prediction, type Predictor } from '@auspex/contracts';
import { broken, type Law, laws, must } from '../law.ts';
import { stopwatch, within } from '../run/limit.ts';
import type { PredictorSubject } from '../subject.ts';
import { gap, steady } from '../worlds/world.ts';
import { commonLaws, frozen } from './common.ts';
import { mustRefuse } from './support/bytes.ts';
import { elsewhere, everywhere, PLACES } from './support/elsewhere.ts';
import {
  type Answer,
  ask,
  feed,
  foretell,
  history,
  malformed,
  plain,
  ready,
  request,
  seriesOf,
  stepOf,
  unlike,
  usual,
  warmUpOf,
  weightsOf,
} from './support/predictor.ts';
import { difference } from './support/same.ts';

const never = new AbortController().signal;
/** Longest that a call may go on after it was told to stop, milliseconds. */
const PROMPT = 1_500;

const needsBatch = ({ plugin }: PredictorSubject): string | undefined => (plugin.capabilities.batch ? undefined : 'it declares no batch');
const needsTrains = ({ plugin }: PredictorSubject): string | undefined =>
  plugin.capabilities.trains ? undefined : 'it declares no training';

/** The worlds that an answer must survive; each as long as the warm-up. */
function worlds(subject: PredictorSubject): readonly (readonly [string, readonly Observation[]])[] {
  const base = usual(subject);
  const near = Math.floor(0.95 * base.length);
  const of = (value: (i: number) => number): Observation[] => base.map((one, i) => ({ ...one, value: value(i) }));
  return [
    ['usual', base],
    ['huge', usual(subject, { scale: 1e9 })],
    ['tiny', usual(subject, { scale: 1e-3 })],
    ['constant', of(() => 5)],
    ['nothing but zeros', of(() => 0)],
    ['zeros, then 1e9', of((i) => (i < near ? 0 : 1e9))],
    ['1e9, then zeros', of((i) => (i < near ? 1e9 : 0))],
    ['with gaps', plain(gap({ stepMs: stepOf(subject), steps: base.length }))],
    ['whose end is unseen', base.map((one, i) => (i < near ? one : { ...one, value: 0, truth: 'missing' }))],
  ];
}

const list: readonly Law<'predictor'>[] = [
  {
    name: 'it answers every step and level that is asked, and no other',
    why: 'quantiles are read by their place: an answer of another length is another forecast',
    async check(subject, tools) {
      const predictor = await ready(subject, tools);
      const seen = usual(subject);
      const state = feed(predictor, predictor.begin(seriesOf(subject)), seen);
      for (const given of [{}, { horizon: [3, 50], levels: [0.2, 0.8, 0.995] }, { horizon: [1], levels: [0.5] }]) {
        const question = request(subject, seen, given);
        const answer = await ask(predictor, subject, state, question);
        if (answer === NOT_READY) continue;
        const { horizon, levels } = question;
        const asked = `${horizon.length} steps x ${levels.length} levels`;
        must(answer.quantiles instanceof Float64Array, 'its quantiles are no Float64Array');
        must(
          answer.quantiles.length === horizon.length * levels.length,
          `asked for ${asked}, it gives ${answer.quantiles.length} quantiles`,
        );
      }
    },
  },
  {
    name: 'rates are finite, not negative, and rise with the level, in every world',
    why: 'the forecast of a quiet night or of a launch day is what units are bought by',
    async check(subject, tools) {
      const predictor = await ready(subject, tools);
      for (const [name, observations] of worlds(subject)) {
        const answer = await foretell(predictor, subject, observations);
        const wrong = answer === NOT_READY ? undefined : malformed(answer, request(subject, observations));
        if (wrong !== undefined) broken(`in a world ${name}: ${wrong}`);
      }
    },
  },
  {
    name: 'early it answers well or says that it is not ready',
    why: 'every new group begins with no observation, then one',
    async check(subject, tools) {
      const predictor = await ready(subject, tools);
      for (const count of [0, 1, 2, 3, 30, 199]) {
        const seen = usual(subject).slice(0, count);
        const answer = await foretell(predictor, subject, seen);
        const wrong = answer === NOT_READY ? undefined : malformed(answer, request(subject, seen));
        if (wrong !== undefined) broken(`after ${count} observations ${wrong}`);
      }
    },
  },
  {
    name: 'after its warm-up it has an answer',
    why: 'one that is never ready is a predictor in the config and nowhere else',
    async check(subject, tools) {
      const predictor = await ready(subject, tools);
      for (const [name, observations] of worlds(subject)) {
        const answer = await foretell(predictor, subject, observations);
        must(answer !== NOT_READY, `after ${observations.length} steps of a world ${name} it is not ready`);
      }
    },
  },
  {
    name: 'what it is given stays as it was',
    why: 'observations, questions and history are shared with the other predictors',
    async check(subject, tools) {
      try {
        const predictor = await ready(subject, tools);
        const seen = usual(subject, { steps: Math.min(300, warmUpOf(subject)) });
        let state = predictor.begin(frozen(seriesOf(subject)));
        for (const observation of seen) state = predictor.observe(state, frozen(observation));
        await ask(predictor, subject, state, frozen(request(subject, seen)));
        if (subject.plugin.capabilities.trains) await predictor.train?.(deepFreeze(history(subject)), never);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        broken(`all that it is given was frozen, and it says: ${error.message}`);
      }
    },
  },
  {
    name: 'a forecast leaves the state alone and repeats itself',
    why: 'forecasts are made again by `explain`, and as often as somebody looks',
    async check(subject, tools) {
      const predictor = await ready(subject, tools);
      const seen = usual(subject);
      const state = feed(predictor, predictor.begin(seriesOf(subject)), seen);
      const before = predictor.encode(state).slice();
      const once = copy(await ask(predictor, subject, state, request(subject, seen)));
      must(difference(predictor.encode(state), before) === undefined, 'the encoded state is another after a forecast');
      const again = unlike(once, await ask(predictor, subject, state, request(subject, seen)));
      if (again !== undefined) broken(`the same question twice: ${again}`);
    },
  },
  {
    name: 'an answer stays as it was given',
    why: 'the engine asks for all series before it mixes: answers that share an array are all the last one',
    async check(subject, tools) {
      const predictor = await ready(subject, tools);
      const worlds = [usual(subject), usual(subject, { seed: 'neighbour', scale: 1e4 })] as const;
      const [state, neighbour] = worlds.map((seen, i) => feed(predictor, predictor.begin(seriesOf(subject, `${i}@*/requests`)), seen));
      for (const put of [ask, askAlone]) {
        const answer = await put(predictor, subject, state, request(subject, worlds[0]));
        const before = copy(answer);
        const other = await put(predictor, subject, neighbour, request(subject, worlds[1]));
        if (answer !== NOT_READY) must(answer !== other, 'the answers for two series are one object');
        const found = unlike(before, answer);
        if (found !== undefined) broken(`before and after another series was asked for: ${found}`);
        // A copy of the state learns on: that of the law goes on to the next way of asking.
        const later = predictor.decode(predictor.encode(state), seriesOf(subject));
        const own = await put(predictor, subject, later, request(subject, worlds[0]));
        const said = copy(own);
        feed(predictor, later, usual(subject, { seed: 'later', scale: 1e4, steps: 5 }));
        const moved = unlike(said, own);
        if (moved !== undefined) broken(`before and after its series was observed further: ${moved}`);
      }
    },
  },
  {
    name: 'the same seed and observations give the same answer, whatever the clock and chance of the process',
    why: 'a replay that comes out otherwise explains nothing',
    async check(subject, tools) {
      const seen = usual(subject);
      const [one, other] = await everywhere(async () => foretell(await ready(subject, tools), subject, seen));
      const found = unlike(one, other);
      if (found !== undefined) broken(`two instances with one seed, under another clock and Math.random: ${found}`);
    },
  },
  {
    name: 'series are kept apart',
    why: 'one instance serves every series: what it keeps outside their states it mixes up, and loses in a restart',
    async check(subject, tools) {
      const [alone, shared] = [await ready(subject, tools), await ready(subject, tools)];
      const seen = usual(subject);
      const noise = usual(subject, { seed: 'neighbour', scale: 1e4 });
      let state = shared.begin(seriesOf(subject));
      let neighbour = shared.begin(seriesOf(subject, 'neighbour@*/requests', 'UTC'));
      for (const [i, observation] of seen.entries()) {
        state = shared.observe(state, { ...observation });
        neighbour = shared.observe(neighbour, { ...(noise[i] as Observation) });
      }
      await ask(shared, subject, neighbour, request(subject, noise));
      const found = unlike(await foretell(alone, subject, seen), await ask(shared, subject, state, request(subject, seen)));
      if (found !== undefined) broken(`alone, and beside another series: ${found}`);
    },
  },
  {
    name: 'a state that is read back goes on as the one that was written',
    why: 'states are read back after every restart, and by another instance when it takes over',
    async check(subject, tools) {
      const all = usual(subject);
      for (const count of [0, 5, Math.floor(0.3 * all.length), Math.floor(0.7 * all.length)]) {
        const [predictor, next] = [await ready(subject, tools), await ready(subject, tools)];
        const [seen, later] = [all.slice(0, count), all.slice(count, count + Math.floor(0.25 * all.length))];
        const state = feed(predictor, predictor.begin(seriesOf(subject)), seen);
        const read = next.decode(predictor.encode(state).slice(), seriesOf(subject));
        const at =
          (await compare(seen, state, read)) ??
          (await compare([...seen, ...later], feed(predictor, state, later), feed(next, read, later)));
        if (at !== undefined) broken(`written after ${count} observations: ${at}`);

        async function compare(known: readonly Observation[], a: unknown, b: unknown): Promise<string | undefined> {
          const question = request(subject, known);
          const found = unlike(await ask(predictor, subject, a, question), await ask(next, subject, b, question));
          return found && `${known.length - count} observations later, ${found}`;
        }
      }
    },
  },
  {
    name: 'bytes that it did not write are refused',
    why: 'what cannot be read begins anew and is reported; what is misread forecasts nonsense',
    async check(subject, tools) {
      const predictor = await ready(subject, tools);
      const state = feed(predictor, predictor.begin(seriesOf(subject)), usual(subject));
      mustRefuse((bytes) => predictor.decode(bytes, seriesOf(subject)), predictor.encode(state));
    },
  },
  {
    name: 'the value of a masked or missing step is never learnt',
    why: 'an outage that was learnt as zero demand is forecast again next week',
    async check(subject, tools) {
      const base = usual(subject);
      const predictor = await ready(subject, tools);
      for (const truth of ['masked', 'missing'] as const) {
        const hidden = (value: number): Observation[] =>
          base.map((one, i) => (i > base.length / 3 && (i % 5 === 0 || i > base.length - 4) ? { ...one, value, truth } : one));
        const found = unlike(await foretell(predictor, subject, hidden(0)), await foretell(predictor, subject, hidden(1e9)));
        if (found !== undefined) broken(`${truth} steps of value 0 and of 1e9: ${found}`);
      }
    },
  },
  {
    name: 'a censored value is a lower bound',
    why: 'throttled steps look quiet: learnt as they are, they take away the units that are missing',
    async check(subject, tools) {
      const base = usual(subject);
      const predictor = await ready(subject, tools);
      const hidden = (truth: 'censored' | 'missing'): Observation[] =>
        base.map((one, i) => (i >= base.length - 8 ? { ...one, value: 0, truth } : one));
      const bound = await foretell(predictor, subject, hidden('censored'));
      const unknown = await foretell(predictor, subject, hidden('missing'));
      if (bound === NOT_READY || unknown === NOT_READY) return;
      for (const [i, value] of bound.quantiles.entries()) {
        const other = unknown.quantiles[i] as number;
        // Being at least 0 says nothing of demand: it may not be thought less than where nothing was seen.
        must(value >= other * (1 - 1e-6), `steps of at least 0 forecast ${value} where steps of which nothing is known forecast ${other}`);
      }
    },
  },
  {
    name: 'a constant world is forecast as such',
    why: 'rates are per second, not per step, and come from what was seen: units are bought by them',
    async check(subject, tools) {
      const predictor = await ready(subject, tools);
      for (const rate of [5, 500]) {
        const seen = plain(steady({ stepMs: stepOf(subject), steps: warmUpOf(subject), scale: rate }));
        const horizon = [1, 2, 3];
        const answer = await foretell(predictor, subject, seen, seriesOf(subject), { horizon, levels: [0.5] });
        if (answer === NOT_READY) continue;
        for (const [i, median] of (answer as Prediction).quantiles.entries()) {
          const right = median >= rate / 2 && median <= rate * 2;
          must(right, `after ${seen.length} steps of ${rate}/s the median ${horizon[i]} steps ahead is ${median}/s`);
        }
      }
    },
  },
  {
    name: 'moved by four hundred years it says the same',
    why: 'hours, weekdays and dates are the same then: what differs comes of how time was counted, and drifts in a long run',
    async check(subject, tools) {
      const predictor = await ready(subject, tools);
      const base = usual(subject);
      // 20,871 weeks exactly, after which the calendar repeats itself.
      const moved = base.map((one) => ({ ...one, step: one.step + 20_871 * 604_800_000 }));
      const series = seriesOf(subject, 'web@*/requests', 'UTC');
      const found = unlike(await foretell(predictor, subject, base, series), await foretell(predictor, subject, moved, series), 1e-6);
      if (found !== undefined) broken(found);
    },
  },
  {
    name: 'its state stays small',
    why: 'the states of all series are in memory and in every checkpoint',
    async check(subject, tools) {
      const predictor = await ready(subject, tools);
      const steps = warmUpOf(subject);
      const all = usual(subject, { steps: 6 * steps });
      // Asked now and then, as the engine does at every step: a predictor may keep what is new until it is asked.
      let state = predictor.begin(seriesOf(subject));
      const go = async (from: number, to: number): Promise<void> => {
        for (let at = from; at < to; at += 100) {
          state = feed(predictor, state, all.slice(at, Math.min(at + 100, to)));
          await ask(predictor, subject, state, request(subject, all.slice(0, Math.min(at + 100, to))));
        }
      };
      await go(0, 4 * steps);
      const before = predictor.encode(state).length;
      await go(4 * steps, 6 * steps);
      const after = predictor.encode(state).length;
      must(after <= 1.05 * before + 64, `its state has ${before} bytes after ${4 * steps} steps and ${after} after ${6 * steps}`);
    },
  },
  {
    name: 'many at once is as one by one',
    why: 'the engine asks for all series in one call',
    unless: needsBatch,
    async check(subject, tools) {
      const predictor = await ready(subject, tools);
      must(typeof predictor.forecastBatch === 'function', 'it declares batch and has no forecastBatch');
      const counts = [warmUpOf(subject), 0, Math.floor(warmUpOf(subject) / 2), 3];
      const seen = counts.map((steps, i) => usual(subject, { steps, seed: `series ${i}`, scale: 10 ** i }));
      const states = seen.map((observations, i) => feed(predictor, predictor.begin(seriesOf(subject, `${i}@*/requests`)), observations));
      const questions = seen.map((observations) => request(subject, observations));
      const answers = await predictor.forecastBatch(states, questions, never);
      must(answers.length === states.length, `asked for ${states.length} series it answers ${answers.length}`);
      for (const [i, state] of states.entries()) {
        const single = await askAlone(predictor, subject, state, questions[i] as ForecastRequest);
        const found = unlike(answers[i] as Answer, single);
        if (found !== undefined) broken(`series ${i + 1} of ${states.length}, with the others and alone: ${found}`);
      }
    },
  },
  {
    name: 'a batch that is told to stop ends',
    why: 'the engine waits for what is under way before it ends, and a deploy waits for the engine',
    unless: needsBatch,
    async check(subject, tools) {
      const predictor = await ready(subject, tools);
      const seen = usual(subject);
      const state = feed(predictor, predictor.begin(seriesOf(subject)), seen);
      const stop = new AbortController();
      await ends('forecastBatch', () => {
        const answers = predictor.forecastBatch?.([state], [request(subject, seen)], stop.signal);
        stop.abort(new Error('stopped'));
        return answers;
      });
    },
  },
  {
    name: 'training is deterministic',
    why: 'a replay trains anew: with other weights it is another run',
    unless: needsTrains,
    async check(subject, tools) {
      const predictor = tools.create();
      must(typeof predictor.train === 'function' && typeof predictor.use === 'function', 'it declares training and has no train or use');
      const weights = await weightsOf(subject, tools);
      must(
        weights !== undefined,
        `three series of ${Math.ceil(warmUpOf(subject) / 2)} steps are too few for it: let the subject say a longer warm-up`,
      );
      const again = await elsewhere(PLACES[0], () => predictor.train?.(history(subject), never));
      const found = difference(weights, again, 0, 'byte');
      if (found !== undefined) broken(`two trainings with one seed and history, under another clock and Math.random: ${found}`);
    },
  },
  {
    name: 'training changes nothing until its weights are used',
    why: 'weights are stored before they are used: a restart in between must forecast as if nothing had been',
    unless: needsTrains,
    async check(subject, tools) {
      const predictor = tools.create();
      const seen = usual(subject);
      const before = copy(await foretell(predictor, subject, seen));
      await predictor.train?.(history(subject), never);
      const found = unlike(before, await foretell(predictor, subject, seen));
      if (found !== undefined) broken(`before and after train, without use: ${found}`);
    },
  },
  {
    name: 'new weights serve the states that were there before',
    why: 'they are put into service under running series, once a day',
    unless: needsTrains,
    async check(subject, tools) {
      const weights = await weightsOf(subject, tools);
      if (weights === undefined) return;
      const predictor = tools.create();
      const seen = usual(subject);
      const state = feed(predictor, predictor.begin(seriesOf(subject)), seen);
      predictor.use?.(weights.slice());
      const question = request(subject, seen);
      const answer = await ask(predictor, subject, predictor.decode(predictor.encode(state), seriesOf(subject)), question);
      const wrong = answer === NOT_READY ? undefined : malformed(answer, question);
      if (wrong !== undefined) broken(`asked of a state that is older than the weights, ${wrong}`);
    },
  },
  {
    name: 'weights that it did not write are refused, and the old ones stay',
    why: 'a damaged artifact must cost one training, not the forecasts',
    unless: needsTrains,
    async check(subject, tools) {
      const predictor = await ready(subject, tools);
      const seen = usual(subject);
      const before = copy(await foretell(predictor, subject, seen));
      const weights = await weightsOf(subject, tools);
      // Without any, training is another law's business.
      if (weights !== undefined) mustRefuse((bytes) => predictor.use?.(bytes), weights);
      const found = unlike(before, await foretell(predictor, subject, seen));
      if (found !== undefined) broken(`before and after it refused: ${found}`);
    },
  },
  {
    name: 'training that is told to stop ends',
    why: 'training is the longest work of all: a deploy that waits for it is late by as much',
    unless: needsTrains,
    async check(subject, tools) {
      const predictor = tools.create();
      const aborted = AbortSignal.abort(new Error('stopped'));
      await ends('train', () => predictor.train?.(history(subject), aborted));
    },
  },
];

/** Alone, even where the engine would ask for many; only what refuses that as unsupported is asked as a batch of one. */
async function askAlone(predictor: Predictor, subject: PredictorSubject, state: unknown, question: ForecastRequest): Promise<Answer> {
  try {
    return predictor.forecast(state, question);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'SUPPORT') throw error;
    return ask(predictor, subject, state, question);
  }
}

/** Does what is told to stop, and waits for it, however it ends. */
async function ends(what: string, act: () => unknown): Promise<void> {
  const passed = stopwatch();
  const late = `${what} goes on ${PROMPT} ms after it was told to stop`;
  const settled = Promise.resolve(act()).then(
    () => undefined,
    () => undefined,
  );
  await within(settled, PROMPT, late);
  must(passed() <= PROMPT, late);
}

/** What an answer says now. That it goes on saying so is a law of its own. */
function copy(answer: Answer): Answer {
  return answer === NOT_READY ? answer : { ...(answer as Prediction), quantiles: answer.quantiles.slice() };
}

/** What every predictor does. */
export const predictorLaws = laws('predictor', [
  ...commonLaws<'predictor'>(async (predictor: Predictor, subject: PredictorSubject) => {
    await foretell(predictor, subject, usual(subject, { steps: 50 }));
  }),
  ...list,
]);
