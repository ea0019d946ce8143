import type { AllocateInput, Allocator, PoolView, Reason } from '@auspex/contracts';
import { zone } from '@auspex/numerics';
import { span, units } from '../../text.ts';
import { withinLimits } from '../importance/limits.ts';
import type { Need } from '../importance/need.ts';
import { reactiveNeeds } from '../reactive/allocate.ts';
import { decodeReactive, encodeReactive, type ReactiveState } from '../reactive/state.ts';
import type { PinnedOptions, Schedule } from './config.ts';
import { type ScheduleWindow, windowsIn } from './window.ts';

const BY = 'allocate(pinned)';

/**
 * Units by schedule. A window counts from the step whose order becomes ready at its beginning, begin - lead time, as a floor: until
 * it begins nothing is taken away for it. From its beginning to its end it counts as it says. Of several at once the highest
 * `units`, the highest `min` and the lowest `max` count, and floors win over ceilings: capacity that was asked for is there.
 *
 * A step in which a window begins or ends gets the most that any part of it asks for. So a floor covers every step that it touches, and a ceiling,
 * or fewer units than demand needs, only what lies inside its windows as a whole.
 */
export function pinned(options: PinnedOptions): Allocator<ReactiveState> {
  const schedules = options.schedules.map((schedule) => ({ schedule, holdsFor: matcher(schedule.pools) }));
  return {
    begin: () => new Map(),
    allocate: (state, input) => {
      const needs = otherwise(state, input, options).map((need) => {
        const own = schedules.filter(({ holdsFor }) => holdsFor(need.view.pool.id)).map(({ schedule }) => schedule);
        return pin(need, own, input);
      });
      return withinLimits(BY, needs, input);
    },
    encode: encodeReactive,
    decode: decodeReactive,
  };
}

/** What counts where no schedule does. */
function otherwise(state: ReactiveState, input: AllocateInput, options: PinnedOptions): Need[] {
  if (options.otherwise === 'reactive') return reactiveNeeds(state, input, options.reactive);
  return input.pools.map((view) => {
    const { min } = view.pool;
    const reason = { by: BY, units: min, text: `no demand is asked: the pool's minimum, ${units(min)}` };
    return { view, units: min, tier: 'none', reasons: [reason], weights: view.groups.map(({ surge }) => surge.actual) };
  });
}

/** A window of a schedule that counts in this step, or for what an order of it has to serve. */
interface Holding {
  readonly schedule: Schedule;
  readonly window: ScheduleWindow;
  /** It has not begun: what it asks for is ordered ahead. */
  readonly ahead: boolean;
}

function pin(need: Need, schedules: readonly Schedule[], { step, stepMs }: AllocateInput): Need {
  const { leadTimeMs } = need.view.pool;
  const end = step + stepMs;
  const holding = schedules.flatMap((schedule) =>
    // What an order of now has to serve, and all that is served until then.
    windowsIn(schedule, step, end + leadTimeMs).map((window): Holding => ({ schedule, window, ahead: window.begin >= end })),
  );
  const changes = holding.flatMap(({ window }) => [window.begin, window.end]).filter((at) => at > step && at < end);
  const parts = [step, ...changes].map((at) =>
    pinAt(
      need,
      holding.filter(({ ahead, window }) => ahead || (window.begin <= at && at < window.end)),
    ),
  );
  return parts.reduce((best, part) => (part.units > best.units ? part : best));
}

/** @param holding what counts at one instant */
function pinAt(need: Need, holding: readonly Holding[]): Need {
  const floor = most(holding, ({ schedule, ahead }) => schedule.min ?? (ahead ? schedule.units : undefined));
  const exact = most(holding, ({ schedule, ahead }) => (ahead ? undefined : schedule.units));
  const ceiling = most(holding, ({ schedule, ahead }) => (ahead || schedule.max === undefined ? undefined : -schedule.max));
  let count = need.units;
  const reasons: Reason[] = [...need.reasons];
  const set = (to: number, text: string, { schedule, window, ahead }: Holding): void => {
    count = to;
    reasons.push({ by: BY, units: to, text: `${name(schedule)} ${text} ${until(schedule, window, ahead, need.view)}` });
  };
  if (exact) set(exact.value, `holds ${units(exact.value)}`, exact.holding);
  if (ceiling && count > -ceiling.value) set(-ceiling.value, `leaves at most ${units(-ceiling.value)}`, ceiling.holding);
  if (floor && count < floor.value) set(floor.value, `asks for at least ${units(floor.value)}`, floor.holding);
  return { ...need, units: count, reasons };
}

/** The highest value, and the first window that has it. */
function most(
  holding: readonly Holding[],
  of: (holding: Holding) => number | undefined,
): { readonly value: number; readonly holding: Holding } | undefined {
  let found: { value: number; holding: Holding } | undefined;
  for (const candidate of holding) {
    const value = of(candidate);
    if (value !== undefined && (!found || value > found.value)) found = { value, holding: candidate };
  }
  return found;
}

function name(schedule: Schedule): string {
  return `schedule "${schedule.name ?? `${schedule.from}-${schedule.to}`}"`;
}

/** `until 2026-01-05 20:00 Europe/Berlin`; before it begins also when it does, and why it counts already. */
function until(schedule: Schedule, { begin, end }: ScheduleWindow, ahead: boolean, view: PoolView): string {
  const last = `until ${localTime(end, schedule.zone)} ${schedule.zone}`;
  if (!ahead) return last;
  return `from ${localTime(begin, schedule.zone)} ${last}: ordered ahead by the lead time of ${span(view.pool.leadTimeMs)}`;
}

function localTime(at: number, id: string): string {
  return new Date(zone(id).toLocal(at)).toISOString().slice(0, 16).replace('T', ' ');
}

/** A test for names: `*` stands for any text. */
function matcher(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map((pattern) => new RegExp(`^${pattern.split('*').map(escapeRegExp).join('.*')}$`, 's'));
  return (id) => expressions.some((expression) => expression.test(id));
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
