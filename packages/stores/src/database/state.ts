import { ownStart } from '../key.ts';

/** A batch on its way: its writes stand in `inline`, or in parts beside the records. */
export interface Commit {
  readonly id: string;
  /** `upload`: its parts are being written. `apply`: it counts, and has to be written to the records. `drop`: its parts can go. */
  readonly phase: 'upload' | 'apply' | 'drop';
  /** The head's number when it entered its phase. */
  readonly number: number;
  readonly parts: number;
  /** Base64 of its writes. */
  readonly inline?: string;
  /** First segments of its keys; `*` = many. A read looks at commits of its own segment. */
  readonly segments: readonly string[];
}

/** What hangs on the head. */
export interface State {
  readonly commits: readonly Commit[];
  /** The last moves by their marks, so that one whose answer was lost can be told from one that failed. */
  readonly recent: readonly (readonly [mark: string, number: number])[];
  /** By lease key: the number under which it last changed hands. */
  readonly leases: Readonly<Record<string, number>>;
}

const KEPT_MARKS = 128;
const MANY_SEGMENTS = 64;

export const EMPTY_STATE = '{}';

export function parseState(text: string): State {
  const { commits = [], recent = [], leases = {} } = JSON.parse(text) as Partial<State>;
  return { commits, recent, leases };
}

export function stateText(state: State, mark: string, number: number): string {
  return JSON.stringify({ ...state, recent: [...state.recent.slice(1 - KEPT_MARKS), [mark, number]] } satisfies State);
}

/** Up to the first slash, that of a tenant aside. */
export function segmentOf(key: string): string {
  const slash = key.indexOf('/', ownStart(key));
  return slash < 0 ? key : key.slice(0, slash);
}

export function segmentsOf(keys: Iterable<string>): readonly string[] {
  const found = new Set<string>();
  for (const key of keys) {
    found.add(segmentOf(key));
    if (found.size > MANY_SEGMENTS) return ['*'];
  }
  return [...found];
}

/** Can the commit hold a key that begins with `prefix`? */
export function touches(commit: Pick<Commit, 'segments'>, prefix: string): boolean {
  const segment = segmentOf(prefix);
  const whole = segment.length < prefix.length;
  return commit.segments.some((each) => each === '*' || (whole ? each === segment : each.startsWith(segment)));
}
