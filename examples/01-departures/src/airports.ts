/** The five busiest airports of the data and the zone in which each keeps its clock. */
export const AIRPORTS: Readonly<Record<string, string>> = {
  ATL: 'America/New_York',
  ORD: 'America/Chicago',
  DFW: 'America/Chicago',
  LAX: 'America/Los_Angeles',
  PHX: 'America/Phoenix',
};

/** The distance band of a flight in miles: who is on board, as far as distance tells. */
export function band(miles: number): 'commuter' | 'domestic' | 'long-haul' {
  if (miles < 500) return 'commuter';
  return miles < 1500 ? 'domestic' : 'long-haul';
}
