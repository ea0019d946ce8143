import type { PoolView } from '@auspex/contracts';
import { hpaDesired, hpaHighest, hpaStabilised, hpaWindow } from '@auspex/numerics';
import { percent, rate, span, units } from '../../text.ts';
import type { PanicOptions, ReactiveOptions } from './config.ts';
import type { ReactiveMemory, ReactiveState } from './state.ts';

/**
 * The Kubernetes Horizontal Pod Autoscaler (`hpaDesired`, `hpaStabilised`) for one pool and step: the load is the rate, a unit serves target x
 * unitRate of it, and at least `min` are desired. A missing step is an absent metric: as in Kubernetes nothing is recommended and the
 * units stay.
 *
 * `scaleOutTolerance` stands for `tolerance` above the target (KEP-4951, `behavior.scaleUp.tolerance`): at 0, units that had
 * more than they are planned for are joined at once. Two departures from the HPA:
 *
 * - After a censored step the demand is unknown, and more than was seen. As the HPA's use of saturated pods (100 % / target)
 *   asks for more units for as long as it lasts, so does this: `censored` x the ready units, at least one more. It goes by
 *   the ready ones, so that each step in which more became ready and were not enough asks for more, and what is on its way is
 *   not asked for again; and nothing is removed on the ground of a bound. 1 turns it off.
 * - With `panic`, the windows of Knative's autoscaler; see `look`.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
 * @returns units, before the pool's bounds; and why
 */
export function recommend(
  state: ReactiveState,
  view: PoolView,
  step: number,
  options: ReactiveOptions,
): { readonly units: number; readonly text: string } {
  if (view.truth === 'missing') {
    return { units: view.units, text: `the last step is missing (absent, not zero): ${units(view.units)} stay` };
  }
  const target = options.target ?? view.pool.target;
  const floor = options.min ?? view.pool.min;
  const perUnit = target * view.pool.unitRate;
  const memory = memoryOf(state, view.pool.id);
  const seen = look(memory, view, step, perUnit, options);
  const grown = growth(view, options.censored);
  const tolerance = { scaleOut: outTolerance(options), scaleIn: options.tolerance };
  const asked = Math.max(hpaDesired(seen.rate, view.units, perUnit, tolerance), floor, grown);
  const desired = panicked(memory, asked, options.panic);
  memory.recommendations = hpaWindow(memory.recommendations, { step, units: desired }, options.stabilisation);
  const given = hpaStabilised(desired, view.units, hpaHighest(memory.recommendations));
  const verdict = desired === view.units ? `${units(desired)} stay` : `${units(desired)} recommended`;
  const more =
    grown > 0 && desired === grown ? `; the true demand is unknown, ${figure(options.censored)} x ${view.ready} ready or one more` : '';
  const panic = memory.panic && options.panic ? `; ${panicText(memory.panic.step, step, options.panic)}` : '';
  const base = `${seen.text}, ${use(view, seen.rate, target)}: ${verdict}${more}${panic}`;
  return { units: given, text: given === desired ? base : `${base}, held at ${given} by the highest of the stabilisation window` };
}

/** The rate that counts, and how to say it. */
interface Seen {
  readonly rate: number;
  readonly text: string;
}

/**
 * The last step's rate; with `panic` the two windows of Knative's autoscaler, in whole steps:
 *
 *     stable rate = mean rate of the known steps of the stable window
 *     panic rate  = rate of the last step
 *     panic       = panic rate >= threshold x ready x unitRate x target, ready at least 1; and for a stable window after
 *
 * Knative's own are 60 s and 10 % of it, 200 %; a step is the shortest that is seen here, and ten of them the default stable
 * window. In a panic the larger of both rates counts and units never fall. In calm the stable rate counts, unless the units that are
 * ordered had more than they are planned for, beyond `scaleOutTolerance`: then the last step does, too.
 * Knative compares the threshold with whole pods (`ceil`), by which one pod panics at once above its target; its documentation,
 * and this, with the traffic that the ready ones can handle.
 *
 * @see https://knative.dev/docs/serving/autoscaling/kpa-specific/ and pkg/autoscaler/scaling/autoscaler.go of knative/serving
 */
function look(memory: ReactiveMemory, view: PoolView, step: number, perUnit: number, options: ReactiveOptions): Seen {
  const say = (value: number): string => rate(value, view.pool.measure);
  const text = `${say(view.actual)} seen${view.truth === 'censored' ? ' at least' : ''}`;
  const { panic } = options;
  if (!panic) return { rate: view.actual, text };
  const earlier = memory.rates.filter((entry) => entry.step < step && entry.step > step - panic.stableWindow);
  memory.rates = [...earlier, { step, rate: view.actual }];
  const stable = memory.rates.reduce((sum, entry) => sum + entry.rate, 0) / memory.rates.length;
  if (view.actual >= panic.threshold * Math.max(view.ready, 1) * perUnit) memory.panic = { step, units: memory.panic?.units ?? view.units };
  else if (memory.panic && memory.panic.step + panic.stableWindow < step) memory.panic = undefined;
  const above = view.actual > view.units * perUnit * (1 + outTolerance(options));
  const counts = memory.panic || above ? Math.max(stable, view.actual) : stable;
  return { rate: counts, text: `${text}, ${say(stable)} over ${span(panic.stableWindow)}` };
}

function outTolerance({ scaleOutTolerance, tolerance, panic }: ReactiveOptions): number {
  return scaleOutTolerance ?? (panic ? 0 : tolerance);
}

/** What a censored step asks for whatever was seen; 0 where nothing is hidden. */
function growth(view: PoolView, factor: number): number {
  if (view.truth !== 'censored' || factor === 1) return 0;
  return Math.max(view.units, view.ready + 1, Math.ceil(view.ready * factor - 1e-9));
}

/** In a panic the units never fall. */
function panicked(memory: ReactiveMemory, asked: number, panic: PanicOptions | undefined): number {
  if (!panic || !memory.panic) return asked;
  const most = Math.max(memory.panic.units, asked);
  memory.panic = { ...memory.panic, units: most };
  return most;
}

function panicText(since: number, step: number, { stableWindow, threshold }: PanicOptions): string {
  const when =
    since === step ? `at least ${figure(threshold)} times what the ready units are planned for` : `last ${span(step - since)} ago`;
  return `panic, ${when}: none fall until ${span(stableWindow)} have passed without it`;
}

function memoryOf(state: ReactiveState, pool: string): ReactiveMemory {
  let memory = state.get(pool);
  if (!memory) {
    memory = { recommendations: [], rates: [], panic: undefined };
    state.set(pool, memory);
  }
  return memory;
}

function use(view: PoolView, counts: number, target: number): string {
  if (view.units === 0) return `no units, aim ${percent(target)}`;
  return `${percent(counts / (view.pool.unitRate * view.units))} of ${units(view.units)} against an aim of ${percent(target)}`;
}

function figure(value: number): string {
  return String(Number(value.toFixed(2)));
}
