/** The fields of a usage by what they hold; `users` and `sessionLengths` are of their own kind, `sources` a tally with a cap of its own. */
export const NUMBERS = [
  'offered',
  'served',
  'throttled',
  'failed',
  'timedOut',
  'retried',
  'work',
  'bytes',
  'sessionStarts',
  'sessionEnds',
] as const;
export const TALLIES = ['kinds', 'resources', 'features', 'countries', 'accessLevels'] as const;
