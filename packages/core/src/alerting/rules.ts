import { AuspexError } from '@auspex/contracts';
import type { Condition, RuleSettings } from '../config/alerts.ts';
import { glob } from '../config/glob.ts';
import { didYouMean } from '../config/suggest.ts';

/** A rule as it is run. */
export interface Rule {
  readonly name: string;
  readonly when: Condition;
  readonly above: number;
  readonly severity: 'info' | 'warning' | 'page';
  /** How long it must hold before anybody is told, and be over before that is told, milliseconds. */
  readonly forMs: number;
  readonly keepMs: number;
  readonly by: (detector: string) => boolean;
  readonly codes: (code: string) => boolean;
  readonly pools: (pool: string) => boolean;
  readonly groups: (group: string) => boolean;
}

const MINUTE = 60_000;

type Filter = 'above' | 'by' | 'codes' | 'pools' | 'groups';

/** What narrows each condition down. A filter that it does not have would be a rule that sees more than its author believes. */
const FILTERS: Readonly<Record<Condition, readonly Filter[]>> = {
  anomaly: ['above', 'by', 'pools', 'groups'],
  hostile: ['above', 'by', 'pools', 'groups'],
  surge: ['above', 'pools'],
  exposure: ['above', 'pools'],
  unsafe: ['pools'],
  refused: ['pools'],
  'left-alone': ['pools'],
  'no-capacity': ['pools'],
  'no-data': ['pools'],
  'no-demand': ['pools'],
  failing: ['by'],
  notice: ['codes'],
};
const ALL: readonly Filter[] = ['above', 'by', 'codes', 'pools', 'groups'];

/**
 * The rules that come with Auspex. Three page, and only of live pools: what a person has to do something about at night. All else can wait for
 * the morning.
 */
export const DEFAULT_RULES: Readonly<Record<string, RuleSettings>> = {
  'safety-lost': { when: 'unsafe', for: 3 * MINUTE, severity: 'page' },
  'floor-refused': { when: 'refused', for: 3 * MINUTE, severity: 'page' },
  'no-capacity': { when: 'no-capacity', for: 5 * MINUTE, severity: 'page' },
  'left-alone': { when: 'left-alone', for: 3 * MINUTE, severity: 'warning' },
  anomaly: { when: 'anomaly', above: 0.99999, severity: 'warning' },
  hostile: { when: 'hostile', above: 0.8, for: 2 * MINUTE, severity: 'warning' },
  'no-data': { when: 'no-data', for: 10 * MINUTE, severity: 'warning' },
  'no-demand': { when: 'no-demand', for: 5 * MINUTE, severity: 'warning' },
  failing: { when: 'failing', for: 10 * MINUTE, severity: 'warning' },
  notice: {
    when: 'notice',
    codes: ['STATE_UNREADABLE', 'TRAINING_*', 'GROUPS_OVERFLOW', 'ORDER_STALE', 'ROLLOUT_DEMOTED', '*_DRIFT'],
    severity: 'warning',
  },
};

/** What a score or chance must reach where the rule does not say. */
const ABOVE = { anomaly: 0.99999, hostile: 0.8, surge: 0.8, exposure: 0.8 } as const;
const KEEP_MS = 5 * MINUTE;

/** All that is wrong with the rules of a config: one of its own does not say what it looks at, or one is narrowed by what that does not have. */
export function ruleProblems(given: Readonly<Record<string, RuleSettings>>): readonly AuspexError[] {
  return Object.entries(given).flatMap(([name, rule]) => {
    const path = `alerts.rules.${name}`;
    const when = rule.when ?? DEFAULT_RULES[name]?.when;
    if (when === undefined) {
      const known = Object.keys(DEFAULT_RULES);
      const remedy = `Write when: anomaly, or change a rule that comes with Auspex: ${known.join(', ')}.`;
      return [
        new AuspexError('CONFIG_INVALID', `a rule of your own must say \`when\`${didYouMean(name, known)}`, {
          path: `${path}.when`,
          remedy,
        }),
      ];
    }
    const stray = ALL.filter((filter) => rule[filter] !== undefined && !FILTERS[when].includes(filter));
    return stray.map((filter) => {
      const remedy = `Leave it out; ${when} is narrowed by ${FILTERS[when].join(', ')}.`;
      return new AuspexError('CONFIG_INVALID', `a rule that looks at ${when} has no \`${filter}\``, { path: `${path}.${filter}`, remedy });
    });
  });
}

/**
 * The rules in force: those that come with Auspex as the config changes them, and the config's own.
 * @throws CONFIG_INVALID for the first thing that is wrong with them
 */
export function rulesOf(given: Readonly<Record<string, RuleSettings>>): readonly Rule[] {
  const [problem] = ruleProblems(given);
  if (problem) throw problem;
  const names = [...new Set([...Object.keys(DEFAULT_RULES), ...Object.keys(given)])];
  return names.flatMap((name) => {
    const { when, above, severity = 'warning', ...rest } = { ...DEFAULT_RULES[name], ...given[name] };
    if (when === undefined || severity === 'off') return [];
    const all = (): boolean => true;
    const matching = (patterns: readonly string[] | undefined) => (patterns ? glob(patterns) : all);
    return [
      {
        name,
        when,
        above: above ?? (when in ABOVE ? ABOVE[when as keyof typeof ABOVE] : 0),
        severity,
        forMs: rest.for ?? 0,
        keepMs: rest.keep ?? KEEP_MS,
        by: matching(rest.by),
        codes: matching(rest.codes),
        // Who names groups and no pools means groups.
        pools: rest.groups && !rest.pools ? () => false : matching(rest.pools),
        groups: rest.pools && !rest.groups ? () => false : matching(rest.groups),
      },
    ];
  });
}
