import type { UsageEvent } from '@auspex/contracts';

/** One attempt to sign in. */
export interface SignIn {
  readonly at: number;
  readonly success: boolean;
  readonly group: string;
  readonly pop: string;
  readonly user?: string | undefined;
  readonly ip?: string | undefined;
  readonly feature?: string | undefined;
  readonly resource?: string | undefined;
  readonly accessLevel?: string | undefined;
  readonly count?: number | undefined;
}

/**
 * As an event. The outcome is `served` also of a failure: whoever gave a wrong password got an answer, and no capacity was short.
 * That it failed is in its kind.
 */
export function signIn({ at, success, group, pop, user, ip, feature, resource, accessLevel, count = 1 }: SignIn): UsageEvent {
  // All properties, in the order of the other sources: one hidden class.
  const event = {
    at,
    kind: success ? 'sign-in' : 'sign-in-failure',
    group,
    pop,
    outcome: 'served',
    attempt: 1,
    count,
    weight: 1,
    bytes: 0,
    user: user === '' ? undefined : user,
    accessLevel,
    session: undefined,
    sessionStart: false,
    sessionMs: undefined,
    resource,
    feature,
    country: undefined,
    ip,
    agent: undefined,
  };
  return event as unknown as UsageEvent;
}
