import { type Decision, formatDuration, type StageFailure } from '@auspex/contracts';
import type { Condition, LABELS } from '../config/alerts.ts';
import type { Facts, PoolFacts } from './facts.ts';
import type { Rule } from './rules.ts';

/** A cause that a rule sees in a step. */
export interface Seen {
  /** What it is about; with the rule's name they make the fingerprint. */
  readonly labels: Readonly<Partial<Record<(typeof LABELS)[number], string>>>;
  readonly summary: string;
  readonly details?: readonly string[];
  /** How long it must last at least, whatever the rule says, milliseconds. */
  readonly forMs?: number;
  /** It happened, and lasts no longer. */
  readonly once?: boolean;
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

/** Steps without an order after which a live pool is left to itself. */
const UNTOUCHED_STEPS = 3;
/** Share of the units that are needed which may be missing: one that is drained in a hundred wakes nobody. */
const MISSING = 0.05;

/** Orders that never reach their target, targets that cannot be read, decisions that nobody makes in time: the pool is where it was left. */
const unsafe: Look = (facts, rule) =>
  facts.pools.flatMap(({ pool, decision, live, ordered }) => {
    if (!rule.pools(pool.id) || !live || decision?.shadow === true) return [];
    const labels = { pool: pool.id, pop: pool.pop };
    const broken = facts.failing.filter((failure) => isOf(failure, pool.id));
    const [first] = broken;
    if (first) {
      const details = broken.map(
        ({ stage, plugin, subject, message, fallback }) => `${stage}(${plugin}) for ${subject}: ${message}; ${fallback}`,
      );
      return [{ labels, summary: `${pool.id}: ${first.stage}(${first.plugin}) fails: ${first.message}`, details }];
    }
    const without = facts.step - ordered;
    if (without <= UNTOUCHED_STEPS * facts.stepMs) return [];
    return [{ labels, summary: `${pool.id}: no order has been carried out for ${formatDuration(without)}: decisions come too late` }];
  });

/** Does a failure leave the pool without a decision or an order? */
function isOf({ stage, subject }: StageFailure, pool: string): boolean {
  return (stage === 'actuate' && (subject === pool || subject === `reading ${pool}`)) || (stage === 'allocate' && subject === pool);
}

/** What a target says no to. An order that fails is no refusal: `unsafe` tells of that; nor is one that somebody else's setting keeps out: `left-alone`. */
const refused: Look = (facts, rule) =>
  acting(facts, rule).flatMap(({ pool, decision, receipt }) => {
    if (receipt?.status !== 'refused' || receipt.leftUntil !== undefined || facts.failing.some((failure) => isOf(failure, pool.id)))
      return [];
    const kind = pool.control === 'floor' ? 'the floor' : 'the order';
    return [
      {
        labels: { pool: pool.id, pop: pool.pop },
        summary: `${pool.id}: its target refuses ${kind} of ${decision?.units} units: ${receipt.detail ?? 'no reason given'}`,
      },
    ];
  });

/** Targets that somebody else has set meanwhile: theirs for a while. */
const leftAlone: Look = (facts, rule) =>
  acting(facts, rule).flatMap(({ pool, receipt }) => {
    if (receipt?.leftUntil === undefined) return [];
    return [{ labels: { pool: pool.id, pop: pool.pop }, summary: `${pool.id}: ${receipt.detail ?? 'somebody else has set its target'}` }];
  });

/**
 * Less than demand needs, for longer than it takes: what is expected at the lead time is above what the pool may have, or what is needed now is not
 * there although it was ordered. Units beyond the expected demand are head-room, whose lack wakes nobody.
 */
const noCapacity: Look = (facts, rule) =>
  acting(facts, rule).flatMap(({ pool, decision, receipt }) => {
    if (!decision || !receipt) return [];
    // `refused` tells of those. What somebody else has set may be too little all the same.
    if (receipt.status === 'refused' && receipt.leftUntil === undefined) return [];
    const labels = { pool: pool.id, pop: pool.pop };
    const details = decision.trail.map(({ by, units, text }) => `${units} ${by}: ${text}`);
    const perUnit = pool.unitRate * pool.target;
    const ahead = Math.ceil(decision.demand.expected / perUnit);
    const most = Math.max(...decision.trail.map(({ units }) => units));
    if (decision.units < (1 - MISSING) * Math.min(ahead, most)) {
      const summary = `${pool.id}: ${ahead} units are needed at the lead time, and it may have ${decision.units}${limitOf(decision)}`;
      return [{ labels, summary, details }];
    }
    const now = Math.ceil(decision.demand.actual / perUnit);
    if (receipt.ready >= (1 - MISSING) * now) return [];
    const detail = receipt.detail === undefined ? '' : `: ${receipt.detail}`;
    const summary = `${pool.id}: ${now} units are needed now, and ${receipt.ready} are ready of ${receipt.units} that its target was given${detail}`;
    // As long as an order takes, and as long again.
    return [{ labels, summary, details, forMs: 2 * pool.leadTimeMs }];
  });

/** Who took units away last, so that the one who is woken knows whether that is meant. */
function limitOf({ trail }: Decision): string {
  const by = trail.findLast(({ units }, index) => units < (trail[index - 1]?.units ?? 0))?.by;
  return by === undefined ? '' : ` (by ${by})`;
}

const noData: Look = ({ pools }, rule) =>
  pools
    .filter(({ pool, truth }) => truth === 'missing' && rule.pools(pool.id))
    .map(({ pool }) => ({
      labels: { pool: pool.id, pop: pool.pop },
      summary: `${pool.id}: nothing is known of its demand; its source is silent or down`,
    }));

/** So many requests must be missed: people come in bursts, and of few nobody can say that they stay away. */
const MISSED = 100;

/** A source that says nothing, or a site that nobody reaches: both are zero demand, which a forecast has learnt in minutes. */
const noDemand: Look = ({ pools, step }, rule) =>
  pools.flatMap(({ pool, silence }) => {
    if (!silence || silence.missed < MISSED || !rule.pools(pool.id)) return [];
    const { since, rate } = silence;
    const summary = `${pool.id}: no demand for ${formatDuration(step - since)}, where ${rate.toPrecision(3)}/s were expected when it stopped`;
    return [{ labels: { pool: pool.id, pop: pool.pop }, summary, details: ['either nobody reaches it, or its source does not say so'] }];
  });

/**
 * One cause a plugin: where a thousand groups fail alike, one person is told once. A training that failed stands until the next one, a week later;
 * the journal has a line of it, which `notice` sees.
 */
const failing: Look = (facts, rule) => {
  const byPlugin = new Map<string, StageFailure[]>();
  for (const failure of facts.failing) {
    if (failure.subject === 'training' || !rule.by(failure.plugin)) continue;
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

/** Each by itself: it happened, and there is nothing to be over. */
const notice: Look = ({ notices }, rule) =>
  notices.filter(({ code }) => rule.codes(code)).map(({ code, text }) => ({ labels: { code }, summary: text, once: true }));

/** How each condition is read off a step. */
export const LOOKS: Readonly<Record<Condition, Look>> = {
  anomaly,
  hostile,
  surge,
  exposure,
  unsafe,
  refused,
  'left-alone': leftAlone,
  'no-capacity': noCapacity,
  'no-data': noData,
  'no-demand': noDemand,
  failing,
  notice,
};
