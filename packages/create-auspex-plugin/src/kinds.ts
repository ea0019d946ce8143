/** A kind of plugin as this command tells of it. */
export interface KindInfo {
  /** What plugins of this kind do, in one sentence. */
  readonly does: string;
  /** What the template is, in one sentence. */
  readonly template: string;
  /** With its article, for sentences: "an actuator". */
  readonly one: string;
}

/** Every kind, in the order of the flow. A test compares them with the contracts: at run time this package depends on nothing. */
export const KINDS = Object.freeze({
  source: {
    does: 'Reads usage events: who did what, and when.',
    template: 'Reads a file of JSON lines, from any position.',
    one: 'a source',
  },
  enricher: {
    does: 'Completes events before they are counted: groups, POPs, sessions.',
    template: 'Names the group of an event by the path that was asked for.',
    one: 'an enricher',
  },
  profiler: {
    does: 'Folds usage into what is believed of a group.',
    template: 'Keeps a fading mean for each hour of the local week.',
    one: 'a profiler',
  },
  predictor: {
    does: 'Forecasts quantiles of the rate of a series.',
    template: 'Says the value of a season ago, spread by how wrong that was so far.',
    one: 'a predictor',
  },
  assessor: {
    does: 'Says how likely a surge of a group is.',
    template: 'Passes deviation and planned events through a logistic curve.',
    one: 'an assessor',
  },
  allocator: {
    does: 'Turns forecasts and surges into units for every pool.',
    template: 'Buys units for a quantile of the forecast at the lead time.',
    one: 'an allocator',
  },
  actuator: {
    does: 'Carries orders to what is scaled, and reads it back.',
    template: 'Speaks to an HTTP API with a bearer token.',
    one: 'an actuator',
  },
  learner: {
    does: 'Learns from what came of decisions.',
    template: 'Keeps how often and by how much each pool was short of units.',
    one: 'a learner',
  },
  detector: {
    does: 'Scores how unlike the expected a step is.',
    template: 'Compares the deviation of a step with the usual one: a z-score as a tail probability.',
    one: 'a detector',
  },
  alertSink: {
    does: 'Brings alerts to people.',
    template: 'Posts alerts to a webhook.',
    one: 'an alert sink',
  },
  calendar: {
    does: 'Knows what is planned.',
    template: 'Reads events, once or repeated, from a JSON file.',
    one: 'a calendar',
  },
  store: {
    does: 'Keeps state.',
    template: 'Appends each batch to one file, and reads it whole when it is opened.',
    one: 'a store',
  },
  extension: {
    does: 'Taps the boundaries of the stages: reshapes, vetoes, observes.',
    template: 'Caps units at night, and keeps them as they are on frozen days.',
    one: 'an extension',
  },
} as const satisfies Readonly<Record<string, KindInfo>>);

export type Kind = keyof typeof KINDS;

export const KIND_NAMES = Object.keys(KINDS) as readonly Kind[];

/** The kind that a text means, however it is written: `alertSink`, `alert-sink`, `Alert Sink`. */
export function kindOf(text: string): Kind | undefined {
  const plain = plainOf(text);
  return KIND_NAMES.find((kind) => plainOf(kind) === plain);
}

/** The kind that is written most like `text`; undefined where none is. */
export function nearestKind(text: string): Kind | undefined {
  const plain = plainOf(text);
  const all = KIND_NAMES.map((kind) => ({ kind, far: distance(plain, plainOf(kind)) })).sort((a, b) => a.far - b.far);
  const starts = plain.length >= 3 ? KIND_NAMES.find((kind) => plainOf(kind).startsWith(plain)) : undefined;
  const best = all[0];
  return starts ?? (best && best.far <= Math.max(2, Math.floor(plain.length / 3)) ? best.kind : undefined);
}

function plainOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z]/g, '');
}

/** Letters to add, drop or change (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
