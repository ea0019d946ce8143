/** Whom to forget: a user as events name one, or a group. */
export type Forgettable = { readonly user: string } | { readonly group: string };

/** Kinds of records that lose something. Usage is counted in records of one step, group and POP; the journal in lines. */
export type ErasedKind =
  | 'openUsage'
  | 'closedUsage'
  | 'lateUsage'
  | 'profiles'
  | 'series'
  | 'memberships'
  | 'correlations'
  | 'leaders'
  | 'learnerStates'
  | 'enricherStates'
  | 'alerts'
  | 'journalLines';

/** Something that could not be erased, or may hold what was. */
export interface Left {
  readonly what: string;
  /** How many there are; absent = it is one. */
  readonly count?: number;
  readonly why: string;
}

/** What was erased, or would be in a dry run, and what could not be. */
export interface ForgetReport {
  readonly what: Forgettable;
  readonly dryRun: boolean;
  /** Parts of the store that were looked through: 1, and one for each partition of a shared source. */
  readonly scopes: number;
  readonly erased: Readonly<Record<ErasedKind, number>>;
  readonly left: readonly Left[];
  /** What holds of every such report. */
  readonly notes: readonly string[];
  /** Of a group that nothing was found of: the known group whose name is nearest. */
  readonly near?: string;
}

/** Gathers a report over the parts of a store. */
export class Findings {
  readonly erased: Record<ErasedKind, number> = {
    openUsage: 0,
    closedUsage: 0,
    lateUsage: 0,
    profiles: 0,
    series: 0,
    memberships: 0,
    correlations: 0,
    leaders: 0,
    learnerStates: 0,
    enricherStates: 0,
    alerts: 0,
    journalLines: 0,
  };
  readonly #left = new Map<string, { count: number; counted: boolean }>();
  /** Groups that the store knows. */
  readonly groups = new Set<string>();
  readonly notes = new Set<string>();

  /** @param count undefined = it is one thing, told once */
  keep(what: string, why: string, count?: number): void {
    if (count === 0) return;
    const key = JSON.stringify([what, why]);
    const present = this.#left.get(key);
    this.#left.set(key, { count: (present?.count ?? 0) + (count ?? 0), counted: count !== undefined });
  }

  left(): Left[] {
    return [...this.#left].map(([key, { count, counted }]) => {
      const [what, why] = JSON.parse(key) as [string, string];
      return { what, ...(counted ? { count } : {}), why };
    });
  }

  get total(): number {
    return Object.values(this.erased).reduce((sum, count) => sum + count, 0);
  }
}
