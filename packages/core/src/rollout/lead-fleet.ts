/** Units of a fleet that is only thought: what is there, and what comes after a fixed lead time. Data. */
export interface LeadFleet {
  readonly ready: number;
  /** Oldest order first. Epoch ms. */
  readonly pending: readonly { readonly readyAt: number; readonly units: number }[];
}

export function beginFleet(units: number): LeadFleet {
  return { ready: units, pending: [] };
}

/** Units ordered: ready and on their way. */
export function orderedUnits(fleet: LeadFleet): number {
  return fleet.pending.reduce((sum, { units }) => sum + units, fleet.ready);
}

/** Units that serve at `at` if nothing is ordered until then. */
export function readyUnits(fleet: LeadFleet, at: number): number {
  return fleet.pending.reduce((sum, { readyAt, units }) => (readyAt <= at ? sum + units : sum), fleet.ready);
}

/** Orders `units` in all: further ones come after the lead time; fewer cancel what is on its way, youngest first, then remove at once. */
export function orderUnits(fleet: LeadFleet, at: number, units: number, leadTimeMs: number): LeadFleet {
  let ready = readyUnits(fleet, at);
  const pending = fleet.pending.filter(({ readyAt }) => readyAt > at);
  const more = units - pending.reduce((sum, each) => sum + each.units, ready);
  if (more > 0) pending.push({ readyAt: at + leadTimeMs, units: more });
  let fewer = -more;
  while (fewer > 0) {
    const last = pending.pop();
    if (!last) break;
    if (last.units > fewer) pending.push({ ...last, units: last.units - fewer });
    fewer -= Math.min(fewer, last.units);
  }
  if (fewer > 0) ready = Math.max(0, ready - fewer);
  // Without a lead time they serve at once.
  return leadTimeMs > 0 ? { ready, pending } : { ready: readyUnits({ ready, pending }, at), pending: [] };
}
