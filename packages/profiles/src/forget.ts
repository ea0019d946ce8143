import type { BehaviorState } from './state.ts';

/** Takes users out of those of the day, in place. `merged` = they are counted in registers, which cannot lose one. */
export function forgetUsers(state: BehaviorState, users: ReadonlySet<number>): { state: BehaviorState; merged: boolean } {
  if ('registers' in state.users) return { state, merged: true };
  for (const hash of users) state.users.hashes.delete(hash);
  return { state, merged: false };
}
