/** The key space of the store. One place, so that a reader of a dump knows what he sees. */
export const KEYS = {
  snapshot: 'engine/snapshot',
  checkpoint: 'engine/checkpoint',
  /** What was learnt of calendar events; only where there were any. */
  events: 'engine/events',
  /** What was learnt of lead times and units. */
  capacity: 'engine/capacity',
  lease: 'lease/allocator',
  secret: 'engine/secret',
  users: 'engine/users',
  /** Written by operators beside a running engine; it only reads them. */
  holds: 'holds/',
  silences: 'silences/',
  silence: (id: string): string => `silences/${encode(id)}`,
  hold: (pool: string): string => `holds/${encode(pool)}`,
  profile: (group: string): string => `profile/${encode(group)}`,
  learner: (name: string): string => `learner/${encode(name)}`,
  surges: (pool: string): string => `surges/${encode(pool)}`,
  leaders: (pool: string): string => `leaders/${encode(pool)}`,
  series: (id: string): string => `series/${encode(id)}`,
  /** States of detectors, by series. */
  detect: (id: string): string => `detect/${encode(id)}`,
  /** What is firing, and who was told of it. */
  alerts: 'engine/alerts',
  /** Alerts that wait for their sink, in order. */
  outbox: 'outbox/',
  waiting: (sink: string, number: number): string => `outbox/${encode(sink)}/${String(number).padStart(12, '0')}`,
  usage: (step: number): string => `usage/${stamp(step)}`,
  late: (step: number, commit: number): string => `late/${stamp(step)}/${stamp(commit)}`,
  journal: (step: number, index: number): string => `journal/${stamp(step)}/${String(index).padStart(5, '0')}`,
  plugin: (kind: string, id: string): string => `plugin/${kind}/${encode(id)}/`,
  artifact: (predictor: string, at: number): string => `artifact/${encode(predictor)}/${stamp(at)}`,
  artifacts: (predictor: string): string => `artifact/${encode(predictor)}/`,
  /** Of versions that kept one artifact, without the step of its training. */
  oldArtifact: (predictor: string): string => `artifact/${encode(predictor)}`,
} as const;

/** ISO 8601 without milliseconds: sorts as time does (years 0 to 9999). */
export function stamp(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

/** Percent-encoding, so that a `/` in a name does not look like a level. */
function encode(name: string): string {
  return encodeURIComponent(name);
}
