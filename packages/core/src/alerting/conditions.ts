import { formatDuration, type Reason, type StageFailure } from '@auspex/contracts';
import type { Condition } from '../config/alerts.ts';
import type { Facts, PoolFacts } from './facts.ts';
import type { Rule } from './rules.ts';

/** A cause that a rule sees in a step. */
export interface Seen {
  /** What it is about; with the rule's name they make the fingerprint. */
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly details?: readonly string[];
}

/** What a rule sees in a step. */
type Look = (facts: Facts, rule: Rule) => readonly Seen[];

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/** `1 in 12,000`: a score near 1 that people can tell apart. */
const rarity = (score: number): string => (score >= 1 ? 'never seen' : `1 step in ${Math.round(1 / (1 - score)).toLocaleString('en-US')}`);

/** Pools that act: whose decisions are carried out. */
const acting = ({ pools }: Facts, rule: Rule): PoolFacts[] =>
  pools.filter(({ pool, decision, receipt }) => rule.pools(pool.id) && decision?.shadow === false && receipt !== undefined);

const of = (rule: Rule, { scope, name }: { readonly scope: 'group' | 'pool'; readonly name: string }): boolean =>
  scope === 'pool' ? rule.pools(name) : rule.groups(name);

const anomaly: Look = ({ detected }, rule) =>
  detected
    .filter(({ series, by, anomaly: { score } }) => score >= rule.above && rule.by(by) && of(rule, series))
    .map(({ series, by, anomaly: { score, cause } }) => ({
      labels: { [series.scope]: series.name, pop: series.pop, measure: series.measure, plugin: by },
      summary: `${series.name}: ${cause} (${rarity(score)})`,
    }));

const hostile: Look = ({ detected }, rule) =>
  detected.flatMap(({ series, by, anomaly: { hostility } }) => {
    if (!((hostility?.probability ?? 0) >= rule.above) || !rule.by(by) || !of(rule, series)) return [];
    const { probability = 0, text = '', contributions = [] } = hostility ?? {};
    return [
      {
        labels: { [series.scope]: series.name, pop: series.pop, plugin: by },
        summary: `${series.name}: the surge looks like an attack, ${percent(probability)}: ${text}`,
        details: contributions.map((each) => `${each.amount > 0 ? '+' : ''}${each.amount.toFixed(2)} ${each.of}: ${each.text}`),
      },
    ];
  });

const surge: Look = ({ pools }, rule) =>
  pools.flatMap(({ pool, decision }) => {
    const { probability = 0, reference = 0, contributions = [] } = decision?.surge ?? {};
    if (probability < rule.above || !rule.pools(pool.id)) return [];
    return [
      {
        labels: { pool: pool.id, pop: pool.pop },
        summary: `${pool.id}: ${percent(probability)} for more demand than a reactive autoscaler would have ready (${reference.toPrecision(3)}/s)`,
        details: contributions.map((each) => `${each.of}: ${each.text}`),
      },
    ];
  });

const exposure: Look = ({ pools }, rule) =>
  pools.flatMap(({ pool, decision }) => {
    const { exposure: chance = 0, reference = 0, from = 0 } = decision?.surge ?? {};
    if (chance < rule.above || !rule.pools(pool.id)) return [];
    const until = formatDuration(Math.max(0, from - (decision?.step ?? from)));
    return [
      {
        labels: { pool: pool.id, pop: pool.pop },
        summary: `${pool.id}: ${percent(chance)} for more demand than is ready (${reference.toPrecision(3)}/s) within the next ${until}, before an order of now could help`,
      },
    ];
  });

/** Orders that never reach their target, targets that cannot be read, decisions that nobody made: the pool is where it was left. */
const unsafe: Look = (facts, rule) =>
  facts.pools.flatMap(({ pool, decision, receipt }) => {
    if (!rule.pools(pool.id) || decision?.shadow !== false) return [];
    const broken = facts.failing.filter(
      ({ stage, subject }) =>
        (stage === 'actuate' && (subject === pool.id || subject === `reading ${pool.id}`)) ||
        (stage === 'allocate' && receipt !== undefined),
    );
    const [first] = broken;
    if (!first) return [];
    return [
      {
        labels: { pool: pool.id, pop: pool.pop },
        summary: `${pool.id}: ${first.stage}(${first.plugin}) fails: ${first.message}`,
        details: broken.map(
          ({ stage, plugin, subject, message, fallback }) => `${stage}(${plugin}) for ${subject}: ${message}; ${fallback}`,
        ),
      },
    ];
  });

const refused: Look = (facts, rule) =>
  acting(facts, rule).flatMap(({ pool, decision, receipt }) => {
    if (receipt?.status !== 'refused') return [];
    const kind = pool.control === 'floor' ? 'the floor' : 'the order';
    return [
      {
        labels: { pool: pool.id, pop: pool.pop },
        summary: `${pool.id}: its target refuses ${kind} of ${decision?.units} units: ${receipt.detail ?? 'no reason given'}`,
      },
    ];
  });

const noCapacity: Look = (facts, rule) =>
  acting(facts, rule).flatMap(({ pool, decision, receipt, lastChange }) => {
    const labels = { pool: pool.id, pop: pool.pop };
    const details = decision?.trail.map(({ by, units, text }) => `${units} ${by}: ${text}`) ?? [];
    const cap = capOf(pool.max, decision?.trail ?? []);
    if (cap !== undefined) return [{ labels, summary: `${pool.id}: ${cap}`, details }];
    // Twice the lead time after the last change of units, they are not on their way.
    const late = lastChange !== undefined && facts.step - lastChange > 2 * pool.leadTimeMs + 2 * facts.stepMs;
    if (!late || receipt?.status === 'refused' || receipt === undefined || receipt.ready >= receipt.units) return [];
    const detail = receipt.detail === undefined ? '' : `: ${receipt.detail}`;
    const ago = formatDuration(facts.step - (lastChange as number));
    return [
      {
        labels,
        summary: `${pool.id}: ${receipt.ready} of ${receipt.units} units are ready ${ago} after they were ordered${detail}`,
        details,
      },
    ];
  });

/** Why a decision is below what was asked for, where bounds, limits or the budget are the reason. */
function capOf(max: number, trail: readonly Reason[]): string | undefined {
  const capped = trail.find(({ text }) => text.startsWith('capped by'));
  if (capped) return capped.text;
  const most = Math.max(...trail.map(({ units }) => units));
  return most > max ? `${most} units were asked for, and its maximum is ${max}` : undefined;
}

const noData: Look = ({ pools }, rule) =>
  pools
    .filter(({ pool, truth }) => truth === 'missing' && rule.pools(pool.id))
    .map(({ pool }) => ({
      labels: { pool: pool.id, pop: pool.pop },
      summary: `${pool.id}: nothing is known of its demand; its source is silent or down`,
    }));

/**
 * One cause a plugin: where a thousand groups fail alike, one person is told once. A training that failed stands until the next one, a week later;
 * the journal has a line of it, which `notice` sees.
 */
const failing: Look = (facts) => {
  const byPlugin = new Map<string, StageFailure[]>();
  for (const failure of facts.failing) {
    if (failure.subject === 'training') continue;
    const key = `${failure.stage}(${failure.plugin})`;
    byPlugin.set(key, [...(byPlugin.get(key) ?? []), failure]);
  }
  return [...byPlugin].map(([key, failures]) => {
    const [{ stage, plugin, subject, message, fallback }, ...others] = failures as [StageFailure, ...StageFailure[]];
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    const details = [fallback, ...others.slice(0, 20).map((each) => `${each.subject}: ${each.message}`)];
    return { labels: { stage, plugin }, summary: `${key} fails for ${subject}${more}: ${message}`, details };
  });
};

const notice: Look = ({ notices }, rule) => {
  const byCode = new Map<string, string[]>();
  for (const { code, text } of notices) if (rule.codes(code)) byCode.set(code, [...(byCode.get(code) ?? []), text]);
  return [...byCode].map(([code, texts]) => ({
    labels: { code },
    summary: texts.length === 1 ? (texts[0] as string) : `${texts[0]}, and ${texts.length - 1} more`,
    details: texts.slice(1),
  }));
};

/** How each condition is read off a step. */
export const LOOKS: Readonly<Record<Condition, Look>> = {
  anomaly,
  hostile,
  surge,
  exposure,
  unsafe,
  refused,
  'no-capacity': noCapacity,
  'no-data': noData,
  failing,
  notice,
};
