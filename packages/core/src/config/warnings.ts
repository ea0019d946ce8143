import { DEFAULT_RULES } from '../alerting/rules.ts';
import type { RuleSettings } from './alerts.ts';
import { glob } from './glob.ts';
import type { ResolvedConfig } from './parse.ts';
import { nearest } from './suggest.ts';

/** What a config may say, and what can hardly be meant. */
export interface ConfigWarning {
  readonly path: string;
  readonly text: string;
  readonly remedy: string;
}

type Scope = 'pools' | 'groups';

interface NamedDetector {
  readonly name: string;
  readonly for: 'all' | Scope;
}

const BOTH = 'detectors: [{ use: combined, for: all }, { use: audience, for: pools }]';

/** What a config says to no effect: rules that can never fire, and caps that nobody can ask for. A run begins all the same. */
export function configWarnings(config: ResolvedConfig): readonly ConfigWarning[] {
  const { alerts, pools } = config.settings;
  const detectors = namesOf(config);
  const rules = Object.entries(alerts.rules)
    .filter(([, { severity }]) => severity !== 'off')
    .flatMap(([name, rule]) => ruleWarnings(name, rule, pools, detectors));
  const judged = detectors.some((each) => isFor(each, 'pools'));
  const caps = pools.flatMap(({ id, capHostile }, index) =>
    capHostile === undefined || judged
      ? []
      : [
          {
            path: `pools[${index}].capHostile`,
            text: `the units of pool ${id} are never capped: no detector is for pools, so that nobody tells an attack`,
            remedy: 'Add one that does to those that you have: detectors: [{ use: audience, for: pools }].',
          },
        ],
  );
  return [...rules, ...caps];
}

/** Detectors as scores name them: a second one of an id has its place behind it. */
function namesOf({ detectors }: ResolvedConfig): readonly NamedDetector[] {
  return detectors.map(({ plugin: { id }, for: scope }, index) => {
    const before = detectors.slice(0, index).filter(({ plugin }) => plugin.id === id).length;
    return { name: before === 0 ? id : `${id}#${before}`, for: scope };
  });
}

const isFor = (detector: NamedDetector, scope: Scope): boolean => detector.for === 'all' || detector.for === scope;

function ruleWarnings(
  name: string,
  rule: RuleSettings,
  pools: readonly { readonly id: string }[],
  detectors: readonly NamedDetector[],
): readonly ConfigWarning[] {
  const when = rule.when ?? DEFAULT_RULES[name]?.when;
  const path = `alerts.rules.${name}`;
  const scored = when === 'anomaly' || when === 'hostile';
  const ids = pools.map(({ id }) => id);
  const names = detectors.map((each) => each.name);
  const strayPools = unmatched(rule.pools, ids);
  const strayBy = scored ? unmatched(rule.by, names) : [];
  const ofBy = detectors.filter((each) => rule.by === undefined || glob(rule.by)(each.name));
  const unserved = (scope: Scope): boolean => scored && !ofBy.some((each) => isFor(each, scope));
  const noPools = rule.pools !== undefined && (strayPools.length === rule.pools.length || unserved('pools'));
  const noGroups = rule.groups !== undefined && unserved('groups');
  const narrowed = rule.pools !== undefined || rule.groups !== undefined;
  const never =
    (scored && ofBy.length === 0) || (narrowed && (rule.pools === undefined || noPools) && (rule.groups === undefined || noGroups));
  const warning = (key: string, text: string, remedy: string): ConfigWarning => ({
    path: path + key,
    text: `rule ${name}${never ? ' can never fire' : ''}: ${text}`,
    remedy,
  });
  const found: ConfigWarning[] = [];
  if (strayPools.length > 0) found.push(warning('.pools', nameless('pool', strayPools, ids), hint(strayPools, ids)));
  if (scored && detectors.length === 0)
    return [...found, warning('', 'the config has no detector, so that nothing is scored', `Write one: ${BOTH}.`)];
  if (strayBy.length > 0) found.push(warning('.by', nameless('detector', strayBy, names), hint(strayBy, names)));
  if (ofBy.length === 0) return found;
  for (const scope of ['pools', 'groups'] as const) {
    if (rule[scope] === undefined || !unserved(scope)) continue;
    const present = ofBy.map((each) => `${each.name} is for ${each.for}`).join(', ');
    found.push(warning(`.${scope}`, `no detector that it looks at is for ${scope}: ${present}`, `Write one that is: ${BOTH}.`));
  }
  return found;
}

/** The patterns that match no name. */
function unmatched(patterns: readonly string[] | undefined, names: readonly string[]): readonly string[] {
  return (patterns ?? []).filter((pattern) => !names.some(glob([pattern])));
}

function nameless(what: string, patterns: readonly string[], names: readonly string[]): string {
  return `no ${what} is called ${patterns.join(' or ')}; there are: ${names.join(', ') || 'none'}`;
}

function hint(patterns: readonly string[], names: readonly string[]): string {
  const near = patterns.map((pattern) => nearest(pattern, names)).find((name) => name !== undefined);
  return near === undefined ? 'Name one that there is, or leave the rule out.' : `Did you mean "${near}"?`;
}
