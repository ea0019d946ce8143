// How generated requests come to be in time: as visits, of which as many begin as the volume of a step asks for, or from a pool of sources that share it.
import type { UsageEvent } from '../../../packages/contracts/src/index.ts';
import type { SeededRandom } from '../../../packages/numerics/src/index.ts';
import { signIn } from './dress.ts';
import { GROUP, STEP, type World } from './world.ts';

/** Somebody who comes. */
export interface Visitor {
  readonly user: string;
  readonly country?: string | undefined;
  readonly member: boolean;
  /** Signs in at first; true = it fails once. */
  readonly signsIn?: boolean | undefined;
  readonly clicks: readonly { readonly after: number; readonly resource: string; readonly bytes: number }[];
}

/** What an attack or an audience is made of. */
export type Plan =
  | { readonly visits: (at: number) => Visitor }
  | { readonly pool: (random: SeededRandom, at: number, step: number) => readonly UsageEvent[] };

/** Events by step. @param budget requests of each step */
export function eventsOf(world: World, plan: Plan, from: number, budget: readonly number[], random: SeededRandom): UsageEvent[][] {
  const steps: UsageEvent[][] = budget.map(() => []);
  const end = from + budget.length * STEP;
  const add = (event: UsageEvent): void => {
    if (event.at < end) (steps[Math.floor((event.at - from) / STEP)] as UsageEvent[]).push(event);
  };
  for (const [n, requests] of budget.entries()) {
    const begin = from + n * STEP;
    const present = steps[n] as UsageEvent[];
    const due = random.poisson(requests);
    while (present.length < due) {
      const at = begin + random.below(STEP);
      if ('pool' in plan) for (const event of plan.pool(random, at, n)) add(event);
      else for (const event of visit(world, plan.visits(at), at)) add(event);
    }
  }
  return steps;
}

function visit(world: World, { user, country, member, signsIn, clicks }: Visitor, at: number): UsageEvent[] {
  const events = clicks.map(({ after, resource, bytes }) => request(world, { at: at + after, user, country, member, resource, bytes }));
  const first = events[0];
  return first && world.signIns && signsIn !== undefined ? [...signIn(first, signsIn), ...events] : events;
}

export function request(
  world: World,
  {
    member,
    country,
    ...rest
  }: Pick<UsageEvent, 'at'> & { user: string; country?: string | undefined; member: boolean; resource: string; bytes: number },
): UsageEvent {
  return {
    kind: 'request',
    group: GROUP,
    pop: '',
    outcome: 'served',
    ...rest,
    ...(world.signIns && { accessLevel: member ? 'member' : 'anonymous' }),
    ...(country !== undefined && world.countries.length > 0 && { country }),
  };
}
